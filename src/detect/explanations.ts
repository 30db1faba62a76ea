/** Help for a person who has to assess a detection; the signature itself describes what was seen. */
export interface Explanation {
  readonly legitimate: readonly string[];
  readonly advice: readonly string[];
}

const DEBUGGERS = 'a debugger or tracer that somebody runs on purpose: gdb, strace, gcore';
const CRASH_HANDLERS = 'a crash handler that reads the process it belongs to';

const WAS_READ: readonly string[] = [
  'find out who started the actor: its command line, user and ancestors are in the record',
  'if nobody can explain it, replace every secret that the target held: keys, tokens, passwords',
];
const WAS_CHANGED: readonly string[] = [
  'trust the target no longer: keep a copy of its memory if you need it as evidence, then end it',
  'find out who started the actor: its command line, user and ancestors are in the record',
];

/** By event name, for every signature that has an id (a test checks that none is missing). */
export const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  proc_mem_access: { legitimate: [DEBUGGERS, CRASH_HANDLERS], advice: WAS_READ },
  proc_mem_code_injection: { legitimate: ['a debugger that sets breakpoints'], advice: WAS_CHANGED },
  proc_kcore_read: {
    legitimate: ['a look at the live kernel by an administrator: crash, drgn, gdb, perf'],
    advice: ['if the actor is in a container, take it for an escape attempt', ...WAS_READ.slice(0, 1)],
  },
  process_vm_write_inject: { legitimate: ['a debugger, or MPI between its own ranks'], advice: WAS_CHANGED },
  ptrace_code_injection: { legitimate: ['a debugger that sets breakpoints'], advice: WAS_CHANGED },
  dynamic_code_loading: {
    legitimate: ['a runtime that compiles while it runs: Node.js, Java, .NET, PHP, browsers, QEMU'],
    advice: ['an actor without such a runtime has unpacked code: keep its executable and look at it'],
  },
  process_vm_read: { legitimate: [DEBUGGERS, 'MPI between its own ranks'], advice: WAS_READ },
  ptrace_memory_access: { legitimate: [DEBUGGERS, CRASH_HANDLERS], advice: WAS_READ },
  proc_mem_fd_theft: {
    legitimate: ['a sandbox or checkpoint tool that hands descriptors to its helper'],
    advice: ['look at both: who opened the descriptor, and who used it', ...WAS_READ],
  },
};
