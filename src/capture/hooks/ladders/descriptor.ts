import { closeSync, openSync } from 'node:fs';
import { duplicateOwnDescriptor } from '../../../native/libc.ts';
import type { Ladder } from './ladder.ts';

const EXEC = ['tracepoint_exec'];
/** The limits of bpf/lib/descriptor.bpf.h. An attacker who knows them can use higher descriptors. */
const INHERITED =
  'of the descriptors that a program is started with, the first 128 are looked at, and the last 8 of procfs files among them';

/** Descriptors of /proc/<pid>/mem that another process receives: bpf/lib/descriptor.bpf.h. */
export const descriptor: Ladder = {
  capability: 'descriptor',
  required: false,
  kinds: ['fd_transfer'],
  steps: [
    { hook: 'lsm', programs: ['lsm_file_receive'], optional: EXEC, limits: [INHERITED] },
    { hook: 'fentry', programs: ['fentry_file_receive'], optional: EXEC, limits: [INHERITED] },
    { hook: 'kprobe', programs: ['kprobe_file_receive'], optional: EXEC, limits: [INHERITED] },
    {
      hook: 'tracepoint',
      programs: ['tracepoint_receive_exit'],
      optional: EXEC,
      limits: [
        INHERITED,
        'of a message with descriptors, the first 16 of the first control message of a 64-bit recvmsg(2) are looked at',
        'descriptors received by recvmmsg(2) or io_uring are not seen',
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
  isProof: event => event.kind === 'fd_transfer' && event.method === 'pidfd_getfd',
};
