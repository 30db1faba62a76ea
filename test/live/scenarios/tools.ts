import type { Expectation, Scenario } from '../scenario.ts';

const READ: Expectation = {
  eventName: 'proc_mem_access',
  id: 'TRC-1023',
  severity: 3,
  method: 'proc_mem_open',
  mode: 'read',
};
const OVERWRITE: readonly Expectation[] = [
  { ...READ, mode: 'read_write' },
  {
    ...READ,
    eventName: 'proc_mem_code_injection',
    id: 'TRC-1024',
    mode: 'read_write',
  },
];

/** Records of a debugger beside the open: it attaches, sets breakpoints, and tests features of the kernel on a child. */
const OF_A_DEBUGGER = [
  'proc_mem_access',
  'proc_mem_code_injection',
  'ptrace_memory_access',
  'ptrace_code_injection',
];

function overwrite(shape: string, what: string): Scenario {
  return {
    name: `T1055.009, ${what}`,
    command: ['t1055_009', shape],
    capability: 'file_open',
    needs: ['x64'],
    expect: OVERWRITE,
    // the child's own mprotect(2), which the prepared stack makes it call
    allow: ['dynamic_code_loading', 'mem_prot_alert'],
  };
}

/** The patterns of published attacks, and of honest tools that do the same. */
export const toolScenarios: readonly Scenario[] = [
  overwrite('instructions', "the child's next instructions"),
  overwrite('jump', 'a jump to code put elsewhere'),
  overwrite('pointer', 'a function pointer'),
  overwrite('return', 'a return address'),
  overwrite('chain', 'a return address that leads to a prepared stack'),
  overwrite('chain_mprotect', 'a prepared stack that makes code executable'),
  {
    name: 'T1003.007, heap dump',
    command: ['dump_regions', 'heap'],
    capability: 'file_open',
    expect: [READ],
  },
  {
    name: 'every readable region of a process found by its name',
    command: ['dump_regions', 'all'],
    capability: 'file_open',
    expect: [READ],
  },
  {
    name: 'T1003.007, heap dump in Python',
    command: ['dump_heap.py'],
    capability: 'file_open',
    needs: ['python3'],
    expect: [READ],
  },
  {
    name: 'T1003.007, heap dump by dd',
    command: ['dump_heap_dd.py'],
    capability: 'file_open',
    needs: ['python3'],
    expect: [READ],
  },
  {
    name: 'secrets of a build runner (CVE-2025-30066)',
    command: ['runner_secrets.py'],
    capability: 'file_open',
    needs: ['python3'],
    expect: [READ],
  },
  {
    name: 'gdb',
    command: ['gdb.py'],
    capability: 'file_open',
    needs: ['python3', 'gdb'],
    expect: OVERWRITE,
    allow: OF_A_DEBUGGER,
  },
  {
    name: 'gcore',
    command: ['gdb.py', 'core'],
    capability: 'file_open',
    needs: ['python3', 'gdb'],
    expect: OVERWRITE,
    allow: OF_A_DEBUGGER,
  },
];
