import { closeSync, openSync } from 'node:fs';
import type { Ladder } from './ladder.ts';

const RESULT_BY_KRETPROBE = ['kretprobe_do_filp_open', 'kretprobe_do_file_open'];
const RESULTS = ['fexit_do_filp_open', 'fexit_do_file_open', ...RESULT_BY_KRETPROBE];

const REFUSED_BY_TEXT = 'an open refused by file permissions is known by its path text, not by the file';

/** Opens of process memory, kernel memory and selected files: bpf/lib/file_open.bpf.h. */
export const fileOpen: Ladder = {
  capability: 'file_open',
  required: true,
  // fd_transfer and mem_io: who opened a descriptor is known only from its open
  kinds: ['proc_mem_open', 'kcore_open', 'file_open', 'fd_transfer', 'mem_io'],
  steps: [
    { hook: 'lsm', programs: ['lsm_file_open'], results: RESULTS, limits: [REFUSED_BY_TEXT] },
    { hook: 'fentry', programs: ['fentry_file_open'], results: RESULTS, limits: [REFUSED_BY_TEXT] },
    {
      hook: 'kprobe',
      programs: ['kprobe_file_open'],
      results: RESULT_BY_KRETPROBE,
      limits: ['an open refused by file permissions is not seen'],
    },
    {
      hook: 'tracepoint',
      programs: ['tracepoint_sys_exit'],
      oneOf: ['io_uring_complete_entry', 'io_uring_complete_result'],
      limits: [
        'every refused open is known by its path text, not by the file, and one by io_uring is not seen',
        'every system call of the machine pays for the hook',
      ],
    },
  ],
  provoke: () => {
    try {
      closeSync(openSync('/proc/self/mem', 'r'));
    } catch (error) {
      // a refused open is recorded as well, so it proves the hook
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    }
  },
  isProof: event => event.kind === 'proc_mem_open',
};
