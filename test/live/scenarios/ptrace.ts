import type { Expectation, Need, Scenario } from '../scenario.ts';

const ATTACH: Expectation = {
  eventName: 'ptrace_memory_access',
  id: 'MEM-1002',
  severity: 2,
  method: 'ptrace_attach',
  mode: 'attach',
};
const SEIZE: Expectation = { ...ATTACH, method: 'ptrace_seize' };
const POKE: Expectation = {
  eventName: 'ptrace_code_injection',
  id: 'TRC-103',
  severity: 3,
  method: 'ptrace_poke',
  mode: 'write',
};
const SETREGS: Expectation = { ...POKE, method: 'ptrace_setregs' };

function scenario(
  name: string,
  command: Scenario['command'],
  expect: readonly Expectation[],
  needs: readonly Need[] = [],
): Scenario {
  return { name, command, capability: 'ptrace', needs, expect };
}

/** The second act of `ptrace_request` is the one that writes. */
function injection(request: string, by: Expectation, needs?: readonly Need[]): Scenario {
  return scenario(
    `PTRACE_${request}`,
    ['ptrace_request', request],
    [ATTACH, { ...by, act: 1, attributes: { request: `PTRACE_${request}` } }],
    needs,
  );
}

/** Reads of a tracee add no record to the attach: a tracer and its target are reported once, not for each word. */
function reading(request: string, needs?: readonly Need[]): Scenario {
  return scenario(`PTRACE_${request}`, ['ptrace_request', request], [ATTACH], needs);
}

export const ptraceScenarios: readonly Scenario[] = [
  scenario('PTRACE_ATTACH', ['ptrace_request', 'ATTACH'], [ATTACH]),
  scenario('PTRACE_SEIZE', ['ptrace_request', 'SEIZE'], [SEIZE]),
  reading('PEEKTEXT'),
  reading('PEEKDATA'),
  reading('GETREGS', ['x64']),
  reading('GETREGSET'),
  injection('POKETEXT', POKE),
  injection('POKEDATA', POKE),
  injection('POKEUSER', POKE, ['x64']),
  injection('SETREGS', SETREGS, ['x64']),
  injection('SETFPREGS', SETREGS, ['x64']),
  injection('SETREGSET', SETREGS),
  scenario('a debugger reads the child that asked for it', ['ptrace_own_child', 'peek'], []),
  scenario('a debugger writes the child that asked for it', ['ptrace_own_child', 'poke'], [POKE]),
  scenario('PTRACE_ATTACH refused', ['ptrace_refused', 'ATTACH'], [ATTACH]),
  scenario('PTRACE_SEIZE refused', ['ptrace_refused', 'SEIZE'], [SEIZE]),
];
