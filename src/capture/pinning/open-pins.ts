import { diag } from '@opentelemetry/api';
import { PinDirectory, PinningUnavailable } from './pin-directory.ts';

const log = diag.createComponentLogger({ namespace: 'capture' });

/**
 * The directory of pinned programs and maps, made if it does not exist; undefined, with a warning, where the machine
 * has no place for one.
 *
 * @throws MemwardenError CAPTURE_UNAVAILABLE when another process owns it
 */
export function openPins(path: string): PinDirectory | undefined {
  try {
    return new PinDirectory(path, true);
  } catch (error) {
    if (!(error instanceof PinningUnavailable)) throw error;
    log.warn(`what happens while no sidecar runs will not be seen: ${error.message}`);
    return undefined;
  }
}
