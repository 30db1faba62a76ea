import { closeSync, openSync } from 'node:fs';
import type { Ladder } from './ladder.ts';

const RESULT_BY_FEXIT = ['fexit_do_filp_open', 'fexit_do_file_open'];
const RESULT_BY_KRETPROBE = ['kretprobe_do_filp_open', 'kretprobe_do_file_open'];

const REFUSED_BY_TEXT = 'an open refused by file permissions is known by its path text, not by the file';

/** Opens of process memory, kernel memory and selected files: bpf/file_open.h. */
export const fileOpen: Ladder = {
  capability: 'file_open',
  rungs: [
    {
      hook: 'lsm',
      program: 'lsm_file_open',
      companions: [[...RESULT_BY_FEXIT, ...RESULT_BY_KRETPROBE]],
      limits: [REFUSED_BY_TEXT],
    },
    {
      hook: 'fentry',
      program: 'fentry_file_open',
      companions: [[...RESULT_BY_FEXIT, ...RESULT_BY_KRETPROBE]],
      limits: [REFUSED_BY_TEXT],
    },
    {
      hook: 'kprobe',
      program: 'kprobe_file_open',
      companions: [RESULT_BY_KRETPROBE],
      limits: ['an open refused by file permissions is not seen'],
    },
    {
      hook: 'tracepoint',
      program: 'tracepoint_sys_exit',
      companions: [],
      limits: [
        'every refused open is known by its path text, not by the file',
        'every system call of the machine pays for the hook',
      ],
    },
  ],
  provoke: () => {
    try {
      closeSync(openSync('/proc/self/mem', 'r'));
    } catch (error) {
      // a refused open is an event as well, and the hook is what is being tested
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    }
  },
  isProof: event => event.kind === 'proc_mem_open',
  limitWithoutCompanions: 'the outcome of an open is unknown',
};
