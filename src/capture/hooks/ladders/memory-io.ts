import { closeSync, openSync, readSync } from 'node:fs';
import type { Ladder } from './ladder.ts';

const LIMITS = [
  'the bytes of a process that shares a descriptor and closes it first are reported only up to its latest 5 s',
];

/** Bytes moved through /proc/<pid>/mem. There is no tracepoint step: it would have to check every read(2) and write(2). */
export const memoryIo: Ladder = {
  capability: 'memory_io',
  required: false,
  kinds: ['mem_io', 'fd_transfer'],
  steps: [
    {
      hook: 'fentry',
      programs: ['fexit_mem_read', 'fexit_mem_write', 'fentry_mem_release'],
      limits: LIMITS,
    },
    {
      hook: 'kprobe',
      programs: [
        'kprobe_mem_read',
        'kretprobe_mem_read',
        'kprobe_mem_write',
        'kretprobe_mem_write',
        'kprobe_mem_release',
      ],
      limits: LIMITS,
    },
  ],
  provoke: () => {
    try {
      const fd = openSync('/proc/self/mem', 'r');
      try {
        // nothing is mapped at address 0: the call is recorded, and no byte is read
        readSync(fd, Buffer.alloc(1), 0, 1, 0);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EIO' && code !== 'EACCES') throw error;
    }
  },
  isProof: event => event.method === 'fd_read',
};
