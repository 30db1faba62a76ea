import type { Canonical } from './identity.ts';

/** What the capture stage hands on: one record of bpf/contract/event.h, decoded. */

/** What happened, in the order of `enum mw_kind` of bpf/contract/event.h, which counts from 1. */
export const EVENT_KINDS = [
  'proc_mem_open',
  'kcore_open',
  'file_open',
  'ptrace',
  'process_vm',
  'fd_transfer',
  'mem_io',
  'mem_protect',
  'repeat',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** The kind of program that saw the event, in the order of `enum mw_hook`. */
export const HOOK_NAMES = ['lsm', 'fentry', 'kprobe', 'tracepoint'] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** How the access was made, in the order of `enum mw_method`. */
export const CAPTURE_METHODS = [
  'open',
  'process_vm_readv',
  'process_vm_writev',
  'ptrace',
  'pidfd_getfd',
  'scm_rights',
  'inherited',
  'fd_read',
  'fd_write',
  'mmap',
  'mprotect',
] as const;
export type CaptureMethod = (typeof CAPTURE_METHODS)[number];

/** One side of an access, as the kernel described it at that moment. Ids are those of the initial namespaces. */
export interface ProcessIdentity {
  /** Thread-group id, the "pid" of user space. */
  readonly tgid: number;
  /** Thread id. */
  readonly tid: number;
  /** Thread-group id in the process's own pid namespace. */
  readonly vtgid: number;
  /** Thread-group id of the real parent. */
  readonly ppid: number;
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  /** Audit login uid; undefined when it was never set. */
  readonly loginuid: number | undefined;
  /** Start of the thread-group leader, ns on CLOCK_BOOTTIME; with tgid it identifies the process. */
  readonly startTimeNs: bigint;
  readonly cgroupId: bigint;
  /** Inode number of the pid namespace. */
  readonly pidNamespace: number;
  /** Inode number of the mount namespace. */
  readonly mountNamespace: number;
  readonly comm: string;
  /** Absolute path of the executable, undefined for a kernel thread. */
  readonly executablePath: string | undefined;
  /** Path in the cgroup hierarchy that names containers, for example `/system.slice/docker-….scope`. */
  readonly cgroupPath: string | undefined;
}

/** An ancestor of the actor, parent first. */
export interface Ancestor {
  readonly tgid: number;
  readonly comm: string;
}

export interface Actor extends ProcessIdentity {
  readonly ancestors: readonly Ancestor[];
  /** argv as the kernel could read it, possibly cut short; empty when it could not. */
  readonly arguments: readonly string[];
}

export interface CapturedEvent {
  readonly kind: EventKind;
  /** When it happened: ns on CLOCK_BOOTTIME. */
  readonly timeNs: bigint;
  /** CPU that recorded it, and the number of the event on that CPU: a gap is a loss. */
  readonly cpu: number;
  readonly sequence: bigint;
  readonly hook: HookName;
  readonly method: CaptureMethod;
  readonly actor: Canonical<Actor>;
  /** Owner of the memory; undefined when the kernel had no task for it (kcore, raw opens, opens known by text only). */
  readonly target: Canonical<ProcessIdentity> | undefined;
  /** Actor and target are one thread group. */
  readonly selfAccess: boolean;
  /** The target is a child, grandchild, … of the actor. */
  readonly targetIsDescendant: boolean;
  /** Done by an io_uring request on the actor's behalf. */
  readonly ioUring: boolean;
  /** Made by a 32-bit system call. */
  readonly compat: boolean;
  /** The open was refused before the kernel had a file: `path` is the caller's text, not an identity. */
  readonly byText: boolean;
  /** ptrace: the target asked to be traced by its parent (PTRACE_TRACEME). */
  readonly tracemeChild: boolean;
  /** Result of the call: >= 0 success (bytes, where it counts bytes), -errno failure; undefined when no hook saw it. */
  readonly result: number | undefined;
  /** open: `O_*` bits as the kernel holds them. ptrace: the request number. */
  readonly flags: number;
  /** Absolute path of the file as seen from its mount's root; undefined when there is no file. */
  readonly path: string | undefined;
  /** The path text the caller passed, where the hook could read it. */
  readonly requestedPath: string | undefined;
  /** Kernel device number of the file: major << 20 | minor. */
  readonly device: number;
  readonly inode: bigint;
  /** Inode change time, ns on CLOCK_REALTIME. */
  readonly ctimeNs: bigint;
  /** First byte touched in the target's address space. */
  readonly address: bigint;
  /** Bytes moved, or length of the memory area. */
  readonly sizeBytes: bigint;
  /** `PROT_*` bits requested, and those in force before. */
  readonly protection: number;
  readonly previousProtection: number;
  /** Pid that the actor used for its target, in the actor's own pid namespace; 0 when unknown. */
  readonly namedPid: number;
  /** File descriptor the event is about; undefined when none. */
  readonly descriptor: number | undefined;
  /** kind `repeat`: how many identical events were suppressed, and when the first of them happened. */
  readonly repeatCount: bigint;
  readonly repeatFirstNs: bigint;
}
