import { diag } from '@opentelemetry/api';
import { PinDirectory } from './pin-directory.ts';
import { PinningUnavailable } from './pinning-unavailable.ts';
import { UntrustedFolder } from './untrusted-folder.ts';

const log = diag.createComponentLogger({ namespace: 'capture' });

const CONSEQUENCE = 'what happens while no sidecar runs will not be seen';

/**
 * The directory of pinned programs and maps, created if it is missing. Undefined, with a warning, where it cannot be
 * created, and, with an error, where another user controls it: neither may prevent the start.
 *
 * @throws MemwardenError CAPTURE_UNAVAILABLE when another memwarden owns it
 */
export function openPins(path: string): PinDirectory | undefined {
  try {
    return new PinDirectory(path, true);
  } catch (error) {
    if (error instanceof PinningUnavailable) log.warn(`${CONSEQUENCE}: ${error.message}`);
    else if (error instanceof UntrustedFolder)
      log.error(`${CONSEQUENCE}: refused to pin in ${path}: ${error.message}; try: ${error.advice}`);
    else throw error;
    return undefined;
  }
}
