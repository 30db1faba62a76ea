import type { EnrichedEvent } from '../../enrich/event.ts';
import type { AccessMethod, AccessMode, Match, Severity } from '../detection.ts';
import { accessModeOf, decodeOpenFlags } from '../kernel-names/open-flags.ts';

/** Crash handlers and language runtimes read their own memory, so these accesses are reported with low severity. */
const SELF_ACCESS_SEVERITY: Severity = 1;

/** `target_pid` of the kernel's own memory: pid 0 is the kernel. */
const KERNEL_PID = 0;

/**
 * How an event accesses a memory file, `mem` or `kcore` of procfs; undefined when it neither reads nor writes. For reads
 * and writes through a descriptor the call decides and not the descriptor's flags.
 */
function accessOf(event: EnrichedEvent): { method: AccessMethod; mode: AccessMode } | undefined {
  if (event.method === 'fd_read') return { method: 'proc_mem_read', mode: 'read' };
  if (event.method === 'fd_write') return { method: 'proc_mem_write', mode: 'write' };
  const mode = accessModeOf(event.flags);
  if (mode === undefined) return undefined;
  switch (event.method) {
    case 'pidfd_getfd':
    case 'scm_rights':
    case 'inherited':
      return { method: event.method, mode };
    default:
      return { method: event.kind === 'kcore_open' ? 'kcore_open' : 'proc_mem_open', mode };
  }
}

/** The four documented data fields of the open-based signatures. */
function dataOf(event: EnrichedEvent): Match['data'] {
  const kernel = event.kind === 'kcore_open';
  const targetPid = kernel ? KERNEL_PID : event.target?.tgid;
  const canonicalPath = kernel ? '/proc/kcore' : `/proc/${targetPid ?? event.namedPid}/mem`;
  const pathname = event.path ?? event.requestedPath ?? canonicalPath;
  const flags = decodeOpenFlags(event.flags);
  const pid = event.actor.tgid;
  // unknown only for a refused open that was recognised by its path text and whose target could not be found
  return targetPid === undefined ? { pathname, flags, pid } : { pathname, flags, pid, target_pid: targetPid };
}

/**
 * Match of a signature about memory files: undefined unless the event's access includes `wanted`. An open for reading and
 * writing includes both.
 */
export function matchMemoryFile(event: EnrichedEvent, wanted: 'read' | 'write' | 'any'): Match | undefined {
  const access = accessOf(event);
  if (access === undefined) return undefined;
  const { method, mode } = access;
  if (wanted !== 'any' && mode !== wanted && mode !== 'read_write') return undefined;
  const data = dataOf(event);
  return event.selfAccess ? { method, mode, severity: SELF_ACCESS_SEVERITY, data } : { method, mode, data };
}
