/** Help for a person who has to assess a detection; the signature itself describes what was seen. */
export interface Explanation {
  readonly legitimate: readonly string[];
  readonly advice: readonly string[];
}

const DEBUGGERS = 'a debugger or tracer that somebody runs on purpose: gdb, strace, gcore';
const CRASH_HANDLERS = 'a crash handler that reads the crashed process of its own application';

const WAS_READ: readonly string[] = [
  'find out who started the actor: its command line, user and ancestors are in the record',
  'if it has no legitimate reason, replace every secret in the memory of the target: keys, tokens, passwords',
];
const WAS_CHANGED: readonly string[] = [
  'do not trust the target any more: save a copy of its memory if you need evidence, then end it',
  'find out who started the actor: its command line, user and ancestors are in the record',
];

/** By event name, for every signature that has an id (a test checks that none is missing). */
export const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  proc_mem_access: { legitimate: [DEBUGGERS, CRASH_HANDLERS], advice: WAS_READ },
  proc_mem_code_injection: { legitimate: ['a debugger that sets breakpoints'], advice: WAS_CHANGED },
  proc_kcore_read: {
    legitimate: ['an administrator who inspects the live kernel: crash, drgn, gdb, perf'],
    advice: ['if the actor is in a container, treat it as an escape attempt', ...WAS_READ.slice(0, 1)],
  },
  process_vm_write_inject: { legitimate: ['a debugger, or MPI between its own ranks'], advice: WAS_CHANGED },
  ptrace_code_injection: { legitimate: ['a debugger that sets breakpoints'], advice: WAS_CHANGED },
  dynamic_code_loading: {
    legitimate: ['a runtime that compiles while it runs: Node.js, Java, .NET, PHP, browsers, QEMU'],
    advice: ['an actor without such a runtime has unpacked code: save its executable and analyse it'],
  },
  process_vm_read: { legitimate: [DEBUGGERS, 'MPI between its own ranks'], advice: WAS_READ },
  ptrace_memory_access: { legitimate: [DEBUGGERS, CRASH_HANDLERS], advice: WAS_READ },
  proc_mem_fd_theft: {
    legitimate: ['a sandbox or checkpoint tool that hands descriptors to its helper'],
    advice: [
      'examine both processes: the one that opened the descriptor, and the one that used it',
      ...WAS_READ,
    ],
  },
};
