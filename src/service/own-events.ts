import type { CapturedEvent } from '../capture/index.ts';

/**
 * Whether an event whose actor is the sidecar itself is one of its canaries, by which hooks are proven, or of its own JIT
 * compiler. Neither is a detection.
 */
export function isCanary(event: CapturedEvent): boolean {
  return event.selfAccess || event.byText || event.kind === 'mem_protect';
}
