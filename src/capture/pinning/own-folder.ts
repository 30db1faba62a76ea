import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MemwardenError } from '../../errors.ts';
import { lock } from '../../native/libc.ts';
import { below } from './below.ts';
import { isOnBpfFileSystem, openBpfFolder } from './bpf-file-system.ts';
import { strangerWithLock } from './lock-holder.ts';
import { PinningUnavailable } from './pinning-unavailable.ts';
import { openTrustedFolder } from './trusted-folder.ts';
import { UntrustedFolder } from './untrusted-folder.ts';

const PRIVATE = 0o700;
const OF_OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o022;

/** Descriptors of the open folders; the caller closes them. */
export interface OwnFolder {
  readonly parent: number;
  readonly folder: number;
}

/**
 * Opens the folder of pins and locks it for this process. Its owner and type are checked on the open descriptor, before
 * the lock: whoever may write in /sys/fs/bpf can create the folder first, or put a link in its place.
 *
 * @param create whether to create it, and to mount the file system for it
 * @throws PinningUnavailable, whose cause has the code ENOENT where there is no folder; UntrustedFolder;
 * MemwardenError CAPTURE_UNAVAILABLE when another memwarden has the lock
 */
export function openOwnFolder(path: string, create: boolean): OwnFolder {
  const parent = explained(dirname(resolve(path)), folder =>
    create ? openBpfFolder(folder) : openTrustedFolder(folder),
  );
  try {
    return { parent, folder: openLocked(parent, path, create) };
  } catch (error) {
    closeSync(parent);
    throw error;
  }
}

/** @param stats of the name itself (lstat), not of the target of a link @throws UntrustedFolder */
export function assertOwn(path: string, stats: Stats): void {
  const own = process.geteuid?.();
  if (stats.uid !== own) throw refused(path, `belongs to uid ${stats.uid}, not to uid ${own}`);
  if (stats.isSymbolicLink()) throw refused(path, 'is a link');
  if (!stats.isDirectory()) throw refused(path, 'is not a folder');
}

function openLocked(parent: number, path: string, create: boolean): number {
  const name = below(parent, basename(path));
  for (;;) {
    const folder = explained(path, () => openFolder(name, path, create));
    try {
      assertOwn(path, fstatSync(folder));
      if (!isOnBpfFileSystem(folder)) throw new PinningUnavailable(`${path} is not on a BPF file system`);
      lockFolder(folder, path);
      // the folder may have been removed and created again between the open and the lock
      if (lstatSync(name, { throwIfNoEntry: false })?.ino === fstatSync(folder).ino) {
        explained(path, () => makePrivate(folder, path));
        return folder;
      }
    } catch (error) {
      closeSync(folder);
      throw error;
    }
    closeSync(folder);
  }
}

function openFolder(name: string, path: string, create: boolean): number {
  if (create) createFolder(name);
  // checked first for its message: openSync would fail with ELOOP, ENOTDIR or EACCES on a link or another user's folder
  assertOwn(path, lstatSync(name));
  return openSync(name, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

function createFolder(name: string): void {
  try {
    mkdirSync(name, { mode: PRIVATE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function lockFolder(folder: number, path: string): void {
  if (lock(folder)) return;
  const stranger = strangerWithLock(folder);
  if (stranger === undefined) {
    throw new MemwardenError(
      'CAPTURE_UNAVAILABLE',
      `failed to use the pinned programs in ${path}: another memwarden is using them`,
      'stop it first, or choose another capture.pinPath for this one',
    );
  }
  // the holder may have ended just now
  if (lock(folder)) return;
  throw new UntrustedFolder(
    `${path} is locked by ${stranger}`,
    `end the process that has it open (fuser ${path}), or choose another capture.pinPath`,
  );
}

/**
 * Removes the permissions of other users, which a folder made by hand may give. A folder in which they could write already
 * is refused unless it is empty, so that no pin of theirs is taken over.
 */
function makePrivate(folder: number, path: string): void {
  accessSync(below(folder), constants.W_OK); // EROFS: mounted read-only
  const { mode } = fstatSync(folder);
  if ((mode & WRITABLE_BY_OTHERS) !== 0 && readdirSync(below(folder)).length > 0)
    throw refused(path, 'could be written in by other users, and is not empty');
  if ((mode & OF_OTHERS) !== 0) fchmodSync(folder, PRIVATE);
  for (const entry of readdirSync(below(folder))) {
    const stats = lstatSync(below(folder, entry));
    assertOwn(join(path, entry), stats);
    if ((stats.mode & OF_OTHERS) !== 0) chmodSync(below(folder, entry), PRIVATE);
  }
}

function refused(path: string, why: string): UntrustedFolder {
  return new UntrustedFolder(
    `${path} ${why}`,
    `look at what it is, then rm -r ${path}, or choose another capture.pinPath`,
  );
}

/** Replaces errors of the kernel, whose messages name /proc/self/fd, by ones that name the path. */
function explained<T>(path: string, open: (path: string) => T): T {
  try {
    return open(path);
  } catch (error) {
    if (error instanceof PinningUnavailable || error instanceof UntrustedFolder) throw error;
    throw new PinningUnavailable(`${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, {
      cause: error,
    });
  }
}
