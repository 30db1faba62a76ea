import { makeMemoryExecutable } from '../../../native/libc.ts';
import type { Ladder } from './ladder.ts';

/** mmap(2) and mprotect(2) towards executable memory: bpf/lib/memory_protection.bpf.h. Loaded only when selected. */
export const memoryProtection: Ladder = {
  capability: 'memory_protection',
  required: false,
  kinds: ['mem_protect'],
  steps: [
    { hook: 'lsm', programs: ['fexit_mprotect', 'lsm_file_mprotect', 'fexit_mmap'], limits: [] },
    { hook: 'fentry', programs: ['fexit_mprotect', 'fentry_file_mprotect', 'fexit_mmap'], limits: [] },
    {
      hook: 'kprobe',
      programs: ['kretprobe_mprotect', 'kprobe_file_mprotect', 'kretprobe_mmap'],
      limits: ['the file behind a mapping made writable and executable at once is not reported'],
    },
    {
      hook: 'tracepoint',
      programs: ['tracepoint_protect_exit', 'tracepoint_protect_enter'],
      limits: [
        'of several memory areas that one mprotect(2) changes, the outcome of the last alone is known, and 8 are reported',
        'every system call of the machine pays for the hook',
      ],
    },
  ],
  provoke: makeMemoryExecutable,
  // an event of mmap proves only its own program, which works also where the LSM hook is never called
  isProof: event => event.kind === 'mem_protect' && event.method === 'mprotect',
};
