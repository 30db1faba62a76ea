import { matchPtrace, type PtraceAccess } from '../acts/ptrace-call.ts';
import type { Signature } from '../detection.ts';
import { PTRACE } from '../kernel-names/ptrace-request.ts';
import { MITRE } from '../mitre.ts';

const PEEK: PtraceAccess = { method: 'ptrace_peek', mode: 'read' };
const GET_REGISTERS: PtraceAccess = { method: 'ptrace_getregs', mode: 'read' };

const ACCESSES = new Map<number, PtraceAccess>([
  [PTRACE.ATTACH, { method: 'ptrace_attach', mode: 'attach' }],
  [PTRACE.SEIZE, { method: 'ptrace_seize', mode: 'attach' }],
  [PTRACE.PEEKTEXT, PEEK],
  [PTRACE.PEEKDATA, PEEK],
  [PTRACE.GETREGS, GET_REGISTERS],
  [PTRACE.GETREGSET, GET_REGISTERS],
]);

export const ptraceMemoryAccess: Signature = {
  definition: {
    eventName: 'ptrace_memory_access',
    id: 'MEM-1002',
    version: '1',
    severity: 2,
    sets: ['signatures', 'default'],
    mitre: MITRE.credentialDumping,
    description: 'A process attached to, or read the memory or registers of, another process with ptrace(2).',
    reference: 'https://attack.mitre.org/techniques/T1003/',
  },
  kinds: ['ptrace'],
  // A tracer reads word by word, so only its first success and its first failure on a target are reported.
  once: ({ actor, target, result }) =>
    `${actor.tgid}:${actor.startTimeNs}>${target?.tgid}:${target?.startTimeNs}${(result ?? 0) < 0 ? '!' : ''}`,
  // Every debugger starts a program as a child that asks to be traced (PTRACE_TRACEME).
  match: event => (event.tracemeChild ? undefined : matchPtrace(event, ACCESSES)),
};
