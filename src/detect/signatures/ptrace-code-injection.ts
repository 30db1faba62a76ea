import { matchPtrace, type PtraceAccess } from '../acts/ptrace-call.ts';
import type { Signature } from '../detection.ts';
import { PTRACE } from '../kernel-names/ptrace-request.ts';
import { MITRE } from '../mitre.ts';

const POKE: PtraceAccess = { method: 'ptrace_poke', mode: 'write' };
const SET_REGISTERS: PtraceAccess = { method: 'ptrace_setregs', mode: 'write' };

const ACCESSES = new Map<number, PtraceAccess>([
  [PTRACE.POKETEXT, POKE],
  [PTRACE.POKEDATA, POKE],
  [PTRACE.POKEUSER, POKE],
  [PTRACE.SETREGS, SET_REGISTERS],
  [PTRACE.SETREGSET, SET_REGISTERS],
  [PTRACE.SETFPREGS, SET_REGISTERS],
]);

export const ptraceCodeInjection: Signature = {
  definition: {
    eventName: 'ptrace_code_injection',
    id: 'TRC-103',
    version: '1',
    severity: 3,
    sets: ['signatures', 'default'],
    mitre: MITRE.ptraceSystemCalls,
    description: 'A process changed the memory or the registers of another process with ptrace(2).',
    reference: 'https://attack.mitre.org/techniques/T1055/008/',
  },
  kinds: ['ptrace'],
  match: event => matchPtrace(event, ACCESSES),
};
