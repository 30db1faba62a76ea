import type { EnrichedEvent } from '../../enrich/event.ts';
import type { AccessMethod, AccessMode, Match } from '../detection.ts';
import { ptraceRequestName } from '../kernel-names/ptrace-request.ts';

/** How a ptrace request accesses its target. */
export interface PtraceAccess {
  readonly method: AccessMethod;
  readonly mode: AccessMode;
}

/** Match of the signatures about ptrace(2): undefined unless the request is a key of `accesses`. */
export function matchPtrace(
  event: EnrichedEvent,
  accesses: ReadonlyMap<number, PtraceAccess>,
): Match | undefined {
  const access = accesses.get(event.flags);
  if (access === undefined || event.selfAccess) return undefined;
  return {
    ...access,
    data: {
      request: ptraceRequestName(event.flags),
      pid: event.actor.tgid,
      ...(event.target === undefined ? {} : { target_pid: event.target.tgid }),
    },
  };
}
