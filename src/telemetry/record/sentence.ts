import { basename } from 'node:path';
import type { ProcessIdentity } from '../../capture/event.ts';
import type { AccessMethod, AccessMode, Detection } from '../../detect/detection.ts';
import { errnoName } from '../../detect/kernel-names/errno.ts';

/** Words for an access: verb in the past tense, verb as an infinitive, and the object. */
interface Phrase {
  readonly done: string;
  readonly tried: string;
  readonly object: (memory: string, target: string) => string;
}

const MODES: Record<AccessMode, string> = {
  read: 'for reading',
  write: 'for writing',
  read_write: 'for reading and writing',
  attach: 'to attach',
};

const PHRASES: Record<AccessMethod, Phrase> = {
  proc_mem_open: { done: 'opened', tried: 'open', object: memory => memory },
  kcore_open: { done: 'opened', tried: 'open', object: () => 'the memory of the kernel' },
  file_open: { done: 'opened', tried: 'open', object: () => 'a file' },
  process_vm_readv: { done: 'read', tried: 'read', object: memory => `${memory} with process_vm_readv` },
  process_vm_writev: {
    done: 'wrote to',
    tried: 'write to',
    object: memory => `${memory} with process_vm_writev`,
  },
  ptrace_attach: { done: 'attached to', tried: 'attach to', object: (_, target) => `${target} with ptrace` },
  ptrace_seize: { done: 'seized', tried: 'seize', object: (_, target) => `${target} with ptrace` },
  ptrace_peek: { done: 'read', tried: 'read', object: memory => `${memory} with ptrace` },
  ptrace_poke: { done: 'wrote to', tried: 'write to', object: memory => `${memory} with ptrace` },
  ptrace_getregs: {
    done: 'read',
    tried: 'read',
    object: (_, target) => `the registers of ${target} with ptrace`,
  },
  ptrace_setregs: {
    done: 'changed',
    tried: 'change',
    object: (_, target) => `the registers of ${target} with ptrace`,
  },
  pidfd_getfd: {
    done: 'took',
    tried: 'take',
    object: memory => `a descriptor of ${memory} from another process`,
  },
  scm_rights: {
    done: 'received',
    tried: 'receive',
    object: memory => `a descriptor of ${memory} over a socket`,
  },
  inherited: { done: 'inherited', tried: 'inherit', object: memory => `a descriptor of ${memory}` },
  proc_mem_read: { done: 'read', tried: 'read', object: memory => `${memory} through an open descriptor` },
  proc_mem_write: {
    done: 'wrote to',
    tried: 'write to',
    object: memory => `${memory} through an open descriptor`,
  },
  mmap: { done: 'mapped', tried: 'map', object: () => 'memory' },
  mprotect: { done: 'changed', tried: 'change', object: () => 'the protection of memory' },
};

const OPENS = new Set<AccessMethod>(['proc_mem_open', 'kcore_open', 'file_open']);

/** Name of a process for a person: that of its executable, or of the thread for a kernel thread. */
export function processName(process: ProcessIdentity): string {
  return process.executablePath === undefined ? process.comm : basename(process.executablePath);
}

/**
 * The record's body: one sentence with actor, access, target and outcome, for example
 * `python3 (pid 4711) opened the memory of Runner.Worker (pid 4242) for reading: /proc/4242/mem`.
 */
export function toSentence({ event, match, repeat }: Detection): string {
  const phrase = PHRASES[match.method];
  const failure = event.result === undefined ? undefined : errnoName(event.result);
  const { target } = event;
  const whom =
    target === undefined
      ? 'a process'
      : event.selfAccess
        ? 'itself'
        : `${processName(target)} (pid ${target.tgid})`;
  const memory = event.selfAccess ? 'its own memory' : `the memory of ${whom}`;

  let sentence = `${processName(event.actor)} (pid ${event.actor.tgid}) `;
  sentence += failure !== undefined ? `tried to ${phrase.tried} ` : `${phrase.done} `;
  sentence += phrase.object(memory, whom);
  if (OPENS.has(match.method)) {
    if (match.mode !== undefined) sentence += ` ${MODES[match.mode]}`;
    const path = event.path ?? event.requestedPath;
    if (path !== undefined) sentence += `: ${path}`;
  }
  const alert = match.data['alert'];
  if (alert !== undefined) sentence += `: ${alert}`;
  if (failure !== undefined) sentence += ` (failed: ${failure})`;
  if (repeat !== undefined) sentence += repeat.count === 1 ? ', once more' : `, ${repeat.count} more times`;
  return sentence;
}
