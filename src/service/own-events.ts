import type { CapturedEvent } from '../capture/index.ts';

/**
 * Of an event that is the sidecar's own doing: hooks are proven by this process touching its own memory, and neither that nor
 * what its own JIT compiler does is a detection.
 */
export function isCanary(event: CapturedEvent): boolean {
  return event.selfAccess || event.byText || event.kind === 'mem_protect';
}
