import type { Expectation, Scenario } from '../scenario.ts';

const OPEN: Expectation = {
  eventName: 'proc_mem_access',
  id: 'TRC-1023',
  severity: 3,
  method: 'proc_mem_open',
  mode: 'read',
};
const INJECTION: Expectation = {
  ...OPEN,
  eventName: 'proc_mem_code_injection',
  id: 'TRC-1024',
  mode: 'write',
};
const THEFT: Expectation = {
  eventName: 'proc_mem_fd_theft',
  id: 'MEM-1003',
  severity: 3,
  method: 'pidfd_getfd',
  mode: 'read',
  act: 1,
};

/** Bytes are counted where mem_read can be hooked; system call hooks would have to look at every read(2). */
const UNCOUNTED: Expectation['limits'] = [
  { hook: 'none', reason: 'reading through an open descriptor is not seen by system call tracepoints' },
];

function scenario(name: string, command: Scenario['command'], expect: readonly Expectation[]): Scenario {
  return { name, command, capability: 'descriptor', expect };
}

/** Descriptors of a mem file in processes that did not open it. The first act is the open by their owner. */
export const descriptorScenarios: readonly Scenario[] = [
  scenario('pidfd_getfd of a mem descriptor', ['steal_pidfd_getfd', 'other'], [OPEN, THEFT]),
  scenario(
    "pidfd_getfd of the holder's own mem descriptor",
    ['steal_pidfd_getfd', 'holder'],
    [{ ...OPEN, severity: 1 }, THEFT],
  ),
  scenario(
    'SCM_RIGHTS of a mem descriptor',
    ['steal_scm_rights'],
    [OPEN, { ...THEFT, method: 'scm_rights' }],
  ),
  {
    name: 'mem descriptor inherited over fork and execve, and used',
    command: ['steal_inherited'],
    // the theft is always recorded, by another capability; only the use may be missing
    capability: 'memory_io',
    expect: [
      OPEN,
      { ...THEFT, method: 'inherited' },
      { ...THEFT, method: 'proc_mem_read', limits: UNCOUNTED },
    ],
  },
  {
    name: 'bytes read through a descriptor of its own',
    command: ['use_mem', 'read'],
    capability: 'memory_io',
    expect: [OPEN, { ...OPEN, method: 'proc_mem_read', act: 1, limits: UNCOUNTED }],
  },
  {
    name: 'bytes written through a descriptor of its own',
    command: ['use_mem', 'write'],
    capability: 'memory_io',
    expect: [
      { ...OPEN, mode: 'read_write' },
      { ...INJECTION, mode: 'read_write' },
      { ...INJECTION, method: 'proc_mem_write', act: 1, limits: UNCOUNTED },
    ],
  },
];
