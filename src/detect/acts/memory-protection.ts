import type { EnrichedEvent } from '../../enrich/event.ts';
import type { AccessMethod, Match } from '../detection.ts';
import { decodeProtection, PROT_EXEC, PROT_WRITE } from '../kernel-names/protection-flags.ts';

export type ProtectionAlert =
  | 'Mmaped region with W+E permissions!'
  | 'Protection changed to Executable!'
  | 'Protection changed from E to W+E!'
  | 'Protection changed from W to E!'
  | 'Protection changed to W+E!';

/**
 * The W^X rule that an mmap(2) or mprotect(2) breaks; undefined for none. Where two rules apply, memory that becomes both
 * executable and writable is reported as W+E whatever it was before, since that says more.
 */
export function protectionAlert(
  method: AccessMethod,
  previous: number,
  requested: number,
): ProtectionAlert | undefined {
  if ((requested & PROT_EXEC) === 0) return undefined;
  const writable = (requested & PROT_WRITE) !== 0;
  if (method === 'mmap') return writable ? 'Mmaped region with W+E permissions!' : undefined;
  const wasExecutable = (previous & PROT_EXEC) !== 0;
  const wasWritable = (previous & PROT_WRITE) !== 0;
  if (writable) {
    if (!wasExecutable) return 'Protection changed to W+E!';
    return wasWritable ? undefined : 'Protection changed from E to W+E!';
  }
  if (wasWritable) return 'Protection changed from W to E!';
  return wasExecutable ? undefined : 'Protection changed to Executable!';
}

/**
 * Match of the signatures about memory protection: undefined unless the event breaks one of the rules that `wanted`
 * accepts. Addresses and inode numbers are text because a double is exact only up to 53 bits.
 */
export function matchProtection(
  event: EnrichedEvent,
  wanted: (alert: ProtectionAlert) => boolean,
): Match | undefined {
  const method = event.method === 'mmap' ? 'mmap' : 'mprotect';
  const alert = protectionAlert(method, event.previousProtection, event.protection);
  if (alert === undefined || !wanted(alert)) return undefined;
  return {
    method,
    data: {
      alert,
      addr: `0x${event.address.toString(16)}`,
      len: Number(event.sizeBytes),
      prot: decodeProtection(event.protection),
      prev_prot: decodeProtection(event.previousProtection),
      ...(event.path === undefined
        ? {}
        : { pathname: event.path, dev: event.device, inode: event.inode.toString() }),
      pid: event.actor.tgid,
    },
  };
}
