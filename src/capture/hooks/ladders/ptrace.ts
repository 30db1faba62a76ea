import { processVmReadNothing } from '../../../native/libc.ts';
import type { Ladder } from './ladder.ts';

const CALLS = ['ptrace', 'process_vm_readv', 'process_vm_writev'];
const programs = (hook: string, suffix = '') => CALLS.map(call => `${hook}_${call}${suffix}`);

/** ptrace(2), process_vm_readv(2) and process_vm_writev(2): bpf/lib/ptrace.bpf.h. */
export const ptrace: Ladder = {
  capability: 'ptrace',
  required: false,
  kinds: ['ptrace', 'process_vm'],
  steps: [
    {
      hook: 'fentry',
      programs: programs('fexit'),
      optional: programs('fexit', '_compat'),
      limits: [],
    },
    {
      hook: 'kprobe',
      programs: programs('kretprobe'),
      optional: programs('kretprobe', '_compat'),
      limits: [],
    },
    {
      hook: 'tracepoint',
      programs: ['tracepoint_access_exit'],
      limits: ['every system call of the machine pays for the hook'],
    },
  ],
  provoke: processVmReadNothing,
  isProof: event => event.kind === 'process_vm' && event.selfAccess,
};
