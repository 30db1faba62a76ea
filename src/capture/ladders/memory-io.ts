import { closeSync, openSync, readSync } from 'node:fs';
import type { Ladder } from './ladder.ts';

/** Evidence of use: bytes moved through /proc/<pid>/mem. No other hook than fexit has both the file and the count. */
export const memoryIo: Ladder = {
  capability: 'memory_io',
  required: false,
  kinds: ['mem_io', 'fd_transfer'],
  rungs: [
    {
      hook: 'fentry',
      programs: ['fexit_mem_read', 'fexit_mem_write', 'fentry_mem_release'],
      limits: [
        'the bytes of a process that shares a descriptor and closes it first are told only up to its latest 5 s',
      ],
    },
  ],
  provoke: () => {
    try {
      const fd = openSync('/proc/self/mem', 'r');
      try {
        // nothing is mapped at address 0: the call counts, and no byte of anybody's memory is read
        readSync(fd, Buffer.alloc(1), 0, 1, 0);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EIO' && code !== 'EACCES') throw error;
    }
  },
  isProof: event => event.kind === 'mem_io',
};
