import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { diag } from '@opentelemetry/api';
import { lock, mountFileSystem, unmount } from '../../native/libc.ts';
import { below } from './below.ts';
import { PinningUnavailable } from './pinning-unavailable.ts';
import { openTrustedFolder } from './trusted-folder.ts';

const log = diag.createComponentLogger({ namespace: 'capture' });

/** include/uapi/linux/magic.h */
const BPF_FS_MAGIC = 0xcafe4a11;
/** The source in /proc/self/mountinfo of what memwarden has mounted; nothing else is unmounted by it. */
const SOURCE = 'memwarden';
/** With CONFIG_BPF_PRELOAD each new BPF file system has these: populate_bpffs() of kernel/bpf/inode.c. */
const MADE_BY_KERNEL: ReadonlySet<string> = new Set(['maps.debug', 'progs.debug']);
const WRITABLE_BY_OTHERS = 0o022;
/** PID_NS_INIT_INO of include/uapi/linux/nsfs.h. */
const INITIAL_PID_NAMESPACE = 0xef_ff_ff_fc;

/** Of a mount, and what ends it: another may be doing the same. */
const ATTEMPTS = 3;
/** flock(2) knows no time limit, and any user may hold a lock on a folder that they can read, for ever. */
const LOCK_TRIES = 50;
const LOCK_PAUSE_MILLIS = 20;

/** Whether an open folder is on a BPF file system. */
export function isOnBpfFileSystem(folder: number): boolean {
  return statfsSync(below(folder)).type === BPF_FS_MAGIC;
}

/**
 * Opens a folder of a BPF file system. Where it is an empty folder of another, one is mounted on it if that is allowed;
 * others than root get nothing from it, as from the one that systemd mounts.
 *
 * @throws PinningUnavailable, UntrustedFolder; Error with a code when the folder cannot be opened
 */
export function openBpfFolder(path: string): number {
  for (let attempt = 1; ; attempt++) {
    const folder = openTrustedFolder(path);
    if (isOnBpfFileSystem(folder)) return folder;
    try {
      if (attempt > ATTEMPTS) throw refused(path, 'what is mounted there does not stay');
      mountOn(folder, path);
    } finally {
      closeSync(folder);
    }
  }
}

/**
 * Why no BPF file system is mounted on an open folder that is on another, as far as one can see; undefined: it can be
 * tried. What is there would be hidden, from everybody: so nothing may be there, nor be expected to come.
 */
export function whyNotMountable(folder: number): string | undefined {
  if (readdirSync(below(folder)).length > 0) return 'it is not empty';
  if ((fstatSync(folder).mode & WRITABLE_BY_OTHERS) !== 0) return 'other users may write in it';
  const path = readlinkSync(below(folder));
  return path.lastIndexOf('/') === 0 ? 'it is directly below /' : undefined;
}

/** @param why of `whyNotMountable` */
export function notMountable(path: string, why: string): string {
  return `${path} is not on a BPF file system, and none is mounted over it: ${why}`;
}

/** Whether an open folder is on a BPF file system that memwarden has mounted. */
export function isMountedByMemwarden(folder: number): boolean {
  const id = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${folder}`, 'utf8'))?.[1];
  const whole = new RegExp(`^${id} \\d+ \\S+ / .* - bpf ${SOURCE} `, 'm');
  return id !== undefined && whole.test(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** What became of a BPF file system that memwarden had mounted. */
export interface Unmounting {
  readonly mountPoint: string;
  /** Why it is still there; undefined: it is not. */
  readonly kept?: string;
}

/**
 * Unmounts the BPF file system at a folder, if memwarden has mounted it and nothing is in it any more.
 * @returns undefined where there is none of memwarden's
 */
export function unmountOwn(path: string): Unmounting | undefined {
  let unmounted: Unmounting | undefined;
  // two that were mounted at once lie upon each other
  for (;;) {
    const mountPoint = ownMountPoint(path);
    if (mountPoint === undefined) return unmounted;
    if (mountPoint.kept !== undefined) return mountPoint;
    try {
      unmount(mountPoint.mountPoint);
    } catch (error) {
      return { ...mountPoint, kept: (error as Error).message };
    }
    unmounted = mountPoint;
  }
}

function ownMountPoint(path: string): Unmounting | undefined {
  const folder = openTrustedFolder(path);
  try {
    const isRoot = fstatSync(folder).dev !== statSync(below(folder, '..')).dev;
    if (!isRoot || !isOnBpfFileSystem(folder) || !isMountedByMemwarden(folder)) return undefined;
    const mountPoint = readlinkSync(below(folder));
    const others = readdirSync(below(folder)).filter(name => !MADE_BY_KERNEL.has(name)).length;
    return others === 0 ? { mountPoint } : { mountPoint, kept: 'somebody has pinned in it' };
  } finally {
    // it would keep the file system busy
    closeSync(folder);
  }
}

function mountOn(folder: number, path: string): void {
  const why = whyNotMountable(folder);
  if (why !== undefined) throw new PinningUnavailable(notMountable(path, why));
  const lockable = openSync(below(folder), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // of two sidecars that start at once the second would cover what the first has mounted, and its pins
    waitForLock(lockable);
    if (isCovered(path)) return;
    mountFileSystem({ source: SOURCE, target: below(folder), type: 'bpf', data: 'mode=0700' });
  } catch (error) {
    throw refused(path, (error as Error).message, { cause: error });
  } finally {
    closeSync(lockable);
  }
  log.info(`mounted a BPF file system on ${path}; memwarden detach unmounts it`);
  if (endsBeforeTheMachine()) {
    log.warn(
      `what is pinned in ${path} ends with the last process of this mount namespace; in a container mount the host's /sys/fs/bpf`,
    );
  }
}

function refused(path: string, why: string, options?: ErrorOptions): PinningUnavailable {
  return new PinningUnavailable(
    `${path} is not on a BPF file system (mount -t bpf bpf ${path}): ${why}`,
    options,
  );
}

function isCovered(path: string): boolean {
  const now = openTrustedFolder(path);
  try {
    return isOnBpfFileSystem(now);
  } finally {
    closeSync(now);
  }
}

/** Goes on without it in the end: a stack of two is no harm that an ordinary user may prevent the start by. */
function waitForLock(fd: number): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < LOCK_TRIES && !lock(fd); tries++) Atomics.wait(clock, 0, 0, LOCK_PAUSE_MILLIS);
}

/** Whether this process is in a container, or in another mount namespace than the machine's first process. */
function endsBeforeTheMachine(): boolean {
  if (statSync('/proc/self/ns/pid').ino !== INITIAL_PID_NAMESPACE) return true;
  try {
    return statSync('/proc/1/ns/mnt').ino !== statSync('/proc/self/ns/mnt').ino;
  } catch {
    return false; // not to be known without CAP_SYS_PTRACE
  }
}
