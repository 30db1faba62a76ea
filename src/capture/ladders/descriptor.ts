import { closeSync, openSync } from 'node:fs';
import { duplicateOwnDescriptor } from '../libc.ts';
import type { Ladder } from './ladder.ts';

const EXEC = ['tracepoint_exec'];

/** Descriptors of /proc/<pid>/mem that change hands: bpf/descriptor.h. */
export const descriptor: Ladder = {
  capability: 'descriptor',
  required: false,
  kinds: ['fd_transfer'],
  rungs: [
    { hook: 'lsm', programs: ['lsm_file_receive'], optional: EXEC, limits: [] },
    { hook: 'fentry', programs: ['fentry_file_receive'], optional: EXEC, limits: [] },
    { hook: 'kprobe', programs: ['kprobe_file_receive'], optional: EXEC, limits: [] },
    {
      hook: 'tracepoint',
      programs: ['tracepoint_receive_exit'],
      optional: EXEC,
      limits: [
        'of a message with descriptors the first control message of a 64-bit recvmsg(2) is looked at',
        'every system call of the machine pays for the hook',
      ],
    },
  ],
  provoke: () => {
    let fd: number;
    try {
      fd = openSync('/proc/self/mem', 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') return;
      throw error;
    }
    duplicateOwnDescriptor(fd);
    closeSync(fd);
  },
  isProof: event => event.kind === 'fd_transfer',
};
