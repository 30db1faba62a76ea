import type { Expectation, Scenario } from '../scenario.ts';

const OPEN: Expectation = {
  eventName: 'proc_mem_access',
  id: 'TRC-1023',
  severity: 3,
  method: 'proc_mem_open',
  mode: 'read',
};
const THEFT: Expectation = {
  eventName: 'proc_mem_fd_theft',
  id: 'MEM-1003',
  severity: 3,
  method: 'pidfd_getfd',
  mode: 'read',
  act: 1,
};

function scenario(name: string, command: Scenario['command'], expect: readonly Expectation[]): Scenario {
  return { name, command, capability: 'fd_transfer', expect };
}

/** Descriptors of a mem file in hands that did not open it. The first act is the honest open. */
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
  scenario(
    'mem descriptor inherited over fork and execve',
    ['steal_inherited'],
    [OPEN, { ...THEFT, method: 'inherited' }],
  ),
];
