import { makeMemoryExecutable } from '../libc.ts';
import type { Ladder } from './ladder.ts';

/** mmap(2) and mprotect(2) towards executable memory: bpf/protection.h. Loaded only when selected. */
export const memoryProtection: Ladder = {
  capability: 'memory_protection',
  required: false,
  kinds: ['mem_protect'],
  rungs: [
    { hook: 'lsm', programs: ['lsm_file_mprotect', 'fexit_mmap'], limits: [] },
    { hook: 'fentry', programs: ['fentry_file_mprotect', 'fexit_mmap'], limits: [] },
    {
      hook: 'kprobe',
      programs: ['kprobe_file_mprotect', 'kretprobe_mmap'],
      limits: ['the file behind a mapping made writable and executable at once is not told'],
    },
    {
      hook: 'tracepoint',
      programs: ['tracepoint_mprotect_enter', 'tracepoint_mmap_exit'],
      limits: [
        'of several memory areas that one mprotect(2) changes the first is told',
        'every system call of the machine pays for the hook',
      ],
    },
  ],
  provoke: makeMemoryExecutable,
  // mmap's program can be alive where the LSM hook beside it is dead
  isProof: event => event.kind === 'mem_protect' && event.method === 'mprotect',
};
