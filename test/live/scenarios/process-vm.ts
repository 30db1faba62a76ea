import type { Expectation, Scenario } from '../scenario.ts';

const READV: Expectation = {
  eventName: 'process_vm_read',
  id: 'MEM-1001',
  severity: 3,
  method: 'process_vm_readv',
  mode: 'read',
};
const WRITEV: Expectation = {
  eventName: 'process_vm_write_inject',
  id: 'TRC-1025',
  severity: 3,
  method: 'process_vm_writev',
  mode: 'write',
};

function scenario(name: string, command: Scenario['command'], expect: readonly Expectation[]): Scenario {
  return { name, command, capability: 'ptrace', expect };
}

/** process_vm_readv(2) and process_vm_writev(2); a process's own threads give no detection. */
export const processVmScenarios: readonly Scenario[] = [
  scenario('process_vm_readv of another process', ['process_vm', 'readv', 'other'], [READV]),
  scenario('process_vm_writev to another process', ['process_vm', 'writev', 'other'], [WRITEV]),
  scenario('process_vm_readv of itself', ['process_vm', 'readv', 'self'], []),
  scenario('process_vm_writev to itself', ['process_vm', 'writev', 'self'], []),
  scenario('process_vm_readv of its own thread', ['process_vm', 'readv', 'thread'], []),
  scenario('process_vm_writev to its own thread', ['process_vm', 'writev', 'thread'], []),
  scenario('process_vm_readv refused', ['process_vm_refused'], [READV]),
];
