import type { EnrichedEvent } from '../../enrich/event.ts';
import type { Match } from '../detection.ts';
import { errnoName } from '../kernel-names/errno.ts';

/**
 * Match of the signatures about process_vm_readv(2) and process_vm_writev(2): undefined when the target is a thread of the
 * caller's own process, or did not exist.
 */
export function matchProcessVm(
  event: EnrichedEvent,
  method: 'process_vm_readv' | 'process_vm_writev',
): Match | undefined {
  if (event.method !== method || event.selfAccess) return undefined;
  if (event.target === undefined && errnoName(event.result ?? 0) === 'ESRCH') return undefined;
  return {
    method,
    mode: method === 'process_vm_readv' ? 'read' : 'write',
    data: {
      pid: event.actor.tgid,
      ...(event.target === undefined ? {} : { target_pid: event.target.tgid }),
    },
  };
}
