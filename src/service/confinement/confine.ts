import { readdirSync, readFileSync, statSync } from 'node:fs';
import { callsOfEveryThread, callsOfThisThread, mayReadMaps } from '../../native/thread-rights.ts';
import {
  CAP_BPF,
  CAP_DAC_OVERRIDE,
  CAP_DAC_READ_SEARCH,
  CAP_SYS_ADMIN,
  CAP_SYS_PTRACE,
  type LinuxCapability,
  linuxCapabilitySet,
} from '../linux-capabilities.ts';

/** The capabilities that are kept, and the threads that have more. */
export interface Confinement {
  readonly kept: readonly LinuxCapability[];
  readonly threads: number;
  /** Threads that have more: any one of them gives the process these rights. */
  readonly unconfinedThreads: number;
  /** Why there are such threads. */
  readonly reason?: string;
}

/**
 * Drops every capability that is not needed once the hooks are attached, and sets no_new_privs. Neither can be undone.
 *
 * @param folder where files will be created, if anywhere
 * @throws Error when the kernel refuses, which only a seccomp filter or a security module can cause
 */
export function confine(folder?: string): Confinement {
  const held = linuxCapabilitySet(readFileSync('/proc/thread-self/status', 'utf8'), 'CapPrm');
  const kept = needed(held, folder).filter(capability => isIn(held, capability));
  const mask = maskOf(kept);
  const everyThread = callsOfEveryThread();
  const calls = everyThread ?? callsOfThisThread();
  calls.setCapabilities(mask, mask);
  calls.setNoNewPrivileges();
  const threads = permittedOfThreads();
  const unconfinedThreads = threads.filter(permitted => (permitted & ~mask) !== 0n).length;
  if (unconfinedThreads === 0) return { kept, threads: threads.length, unconfinedThreads };
  const reason =
    everyThread === undefined
      ? 'there is no libpsx.so.2'
      : 'this libpsx.so.2 reaches only threads of its own';
  return { kept, threads: threads.length, unconfinedThreads, reason };
}

function needed(held: bigint, folder: string | undefined): readonly LinuxCapability[] {
  const always = [CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH];
  if (folder !== undefined && isOfAnotherUser(folder)) always.push(CAP_DAC_OVERRIDE);
  // Before Linux 5.19 even reading an open map takes CAP_BPF, unless unprivileged BPF is allowed. Tried, not derived from a
  // version.
  callsOfThisThread().setCapabilities(maskOf(always) & held, held);
  if (mayReadMaps()) return always;
  return [...always, isIn(held, CAP_BPF) ? CAP_BPF : CAP_SYS_ADMIN];
}

/** Root can write to such a folder by CAP_DAC_OVERRIDE only. */
function isOfAnotherUser(folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats !== undefined && stats.uid !== process.geteuid?.();
}

/** The permitted set of each thread; one that ends meanwhile is left out. */
function permittedOfThreads(): bigint[] {
  return readdirSync('/proc/self/task').flatMap(thread => {
    try {
      return [linuxCapabilitySet(readFileSync(`/proc/self/task/${thread}/status`, 'utf8'), 'CapPrm')];
    } catch (error) {
      if (
        (error as NodeJS.ErrnoException).code === 'ENOENT' ||
        (error as NodeJS.ErrnoException).code === 'ESRCH'
      )
        return [];
      throw error;
    }
  });
}

function isIn(set: bigint, { bit }: LinuxCapability): boolean {
  return ((set >> bit) & 1n) === 1n;
}

function maskOf(capabilities: readonly LinuxCapability[]): bigint {
  return capabilities.reduce((mask, { bit }) => mask | (1n << bit), 0n);
}
