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
/** The source in /proc/self/mountinfo of file systems that memwarden mounted; it unmounts no others. */
const SOURCE = 'memwarden';
/** With CONFIG_BPF_PRELOAD each new BPF file system contains these: populate_bpffs() of kernel/bpf/inode.c. */
const MADE_BY_KERNEL: ReadonlySet<string> = new Set(['maps.debug', 'progs.debug']);
const WRITABLE_BY_OTHERS = 0o022;
/** PID_NS_INIT_INO of include/uapi/linux/nsfs.h. */
const INITIAL_PID_NAMESPACE = 0xef_ff_ff_fc;

/** Attempts to mount, since another process may mount or unmount there at the same time. */
const ATTEMPTS = 3;
/** flock(2) has no timeout, and any user who can read a folder can lock it for ever: so it is polled, for one second. */
const LOCK_TRIES = 50;
const LOCK_PAUSE_MILLIS = 20;

/** Whether an open folder is on a BPF file system. */
export function isOnBpfFileSystem(folder: number): boolean {
  return statfsSync(below(folder)).type === BPF_FS_MAGIC;
}

/**
 * Opens a folder of a BPF file system. On an empty folder of another file system one is mounted, if that is allowed, with
 * mode 0700, as systemd mounts it.
 *
 * @throws PinningUnavailable, UntrustedFolder; Error with a code when the folder cannot be opened
 */
export function openBpfFolder(path: string): number {
  for (let attempt = 1; ; attempt++) {
    const folder = openTrustedFolder(path);
    if (isOnBpfFileSystem(folder)) return folder;
    try {
      if (attempt > ATTEMPTS) throw refused(path, 'a mount there was undone again and again');
      mountOn(folder, path);
    } finally {
      closeSync(folder);
    }
  }
}

/**
 * Why no BPF file system may be mounted on an open folder of another file system; undefined: it can be tried. A mount hides
 * the folder's content from every process, so the folder must be empty, and nobody else may be about to put something there.
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

/** Whether an open folder is on a BPF file system that memwarden mounted. */
export function isMountedByMemwarden(folder: number): boolean {
  const id = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${folder}`, 'utf8'))?.[1];
  const whole = new RegExp(`^${id} \\d+ \\S+ / .* - bpf ${SOURCE} `, 'm');
  return id !== undefined && whole.test(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** What `unmountOwn` did with a BPF file system. */
export interface Unmounting {
  readonly mountPoint: string;
  /** Why it is still mounted; undefined: it was unmounted. */
  readonly kept?: string;
}

/**
 * Unmounts the BPF file system at a folder, if memwarden mounted it and it is empty.
 * @returns undefined where memwarden mounted none
 */
export function unmountOwn(path: string): Unmounting | undefined {
  let unmounted: Unmounting | undefined;
  // two sidecars that mounted at the same time left two file systems, one on top of the other
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
    return others === 0 ? { mountPoint } : { mountPoint, kept: 'other programs have pins in it' };
  } finally {
    // an open descriptor keeps the file system busy
    closeSync(folder);
  }
}

function mountOn(folder: number, path: string): void {
  const why = whyNotMountable(folder);
  if (why !== undefined) throw new PinningUnavailable(notMountable(path, why));
  const lockable = openSync(below(folder), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // without a lock, the second of two sidecars that start at once would mount over the first one's pins
    waitForLock(lockable);
    if (isCovered(path)) return;
    mountFileSystem({ source: SOURCE, target: below(folder), type: 'bpf', data: 'mode=0700' });
  } catch (error) {
    throw refused(path, (error as Error).message, { cause: error });
  } finally {
    closeSync(lockable);
  }
  log.info(`mounted a BPF file system on ${path}; memwarden detach unmounts it`);
  if (isShortLived()) {
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

/** Continues without the lock after the timeout: an ordinary user must not be able to prevent the start by holding it. */
function waitForLock(fd: number): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < LOCK_TRIES && !lock(fd); tries++) Atomics.wait(clock, 0, 0, LOCK_PAUSE_MILLIS);
}

/** Whether the mount lasts only as long as a container or mount namespace other than that of the machine's pid 1. */
function isShortLived(): boolean {
  if (statSync('/proc/self/ns/pid').ino !== INITIAL_PID_NAMESPACE) return true;
  try {
    return statSync('/proc/1/ns/mnt').ino !== statSync('/proc/self/ns/mnt').ino;
  } catch {
    return false; // unknown: the link needs CAP_SYS_PTRACE
  }
}
