import type { Expectation, Scenario } from '../scenario.ts';

const ALERT: Expectation = { eventName: 'mem_prot_alert', severity: 0, method: 'mprotect' };
const LOADING: Expectation = {
  eventName: 'dynamic_code_loading',
  id: 'TRC-104',
  severity: 2,
  method: 'mprotect',
  act: 1,
};

const READ = 'PROT_READ';
const CODE = 'PROT_READ|PROT_EXEC';
const DATA = 'PROT_READ|PROT_WRITE';
const BOTH = 'PROT_READ|PROT_WRITE|PROT_EXEC';

function change(alert: string, previous: string, prot: string, act = 1): Expectation {
  return { ...ALERT, act, attributes: { alert, prev_prot: previous, prot } };
}

function scenario(name: string, args: readonly string[], expect: readonly Expectation[]): Scenario {
  return { name, command: ['protect', ...args], capability: 'memory_protection', expect };
}

/** The rules of W^X, each transition as the conformance cases have it. */
export const protectionScenarios: readonly Scenario[] = [
  scenario(
    'mmap W+E',
    ['rwx'],
    [
      {
        ...ALERT,
        method: 'mmap',
        attributes: { alert: 'Mmaped region with W+E permissions!', prot: BOTH },
      },
    ],
  ),
  scenario('mprotect R to R+E', ['r', 'rx'], [change('Protection changed to Executable!', READ, CODE)]),
  scenario('mprotect R+E to W+E', ['rx', 'rwx'], [change('Protection changed from E to W+E!', CODE, BOTH)]),
  scenario(
    'mprotect R+W to R+E',
    ['rw', 'rx'],
    [change('Protection changed from W to E!', DATA, CODE), LOADING],
  ),
  scenario(
    'mprotect W+E to R+E',
    ['rwx', 'rx'],
    [
      {
        ...ALERT,
        method: 'mmap',
        attributes: { alert: 'Mmaped region with W+E permissions!', prot: BOTH },
      },
      change('Protection changed from W to E!', BOTH, CODE),
      LOADING,
    ],
  ),
  scenario('mprotect R+W to W+E', ['rw', 'rwx'], [change('Protection changed to W+E!', DATA, BOTH)]),
  scenario('mprotect R+E to R', ['rx', 'r'], []),
  {
    ...scenario(
      'mprotect over two areas',
      ['r', 'rx', 'areas'],
      [
        change('Protection changed to Executable!', READ, CODE),
        change('Protection changed from W to E!', DATA, CODE, 2),
        { ...LOADING, act: 2 },
      ],
    ),
    unknownOutcome: {
      tracepoint: 'areas are looked up before the call, and only the last one’s outcome is the call’s',
    },
  },
  scenario(
    'mprotect of a mapped file',
    ['r', 'rx', 'file'],
    [change('Protection changed to Executable!', READ, CODE)],
  ),
];
