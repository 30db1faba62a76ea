import { closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { assertRegular, describeFileType, modeOf } from './file-kind.ts';
import { FileRefusal } from './file-refusal.ts';
import { isWritableByOthers } from './trusted-owner.ts';

/*
 * Files that this program writes. Never through a symbolic or hard link, by which another file would be overwritten; never a
 * file that another user has put there.
 */

/** Readable and writable for the owner alone. */
const OWN_MODE = 0o600;

/**
 * Opens one of the program's own files for reading and writing; creates it if it is missing. Mode 0600.
 * @throws FileRefusal, or the Error of the system call
 */
export function openOwnFile(path: string): number {
  assertOwnFile(path);
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  const file = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, OWN_MODE);
  try {
    const stats = fstatSync(file);
    assertOwn(stats, path);
    if ((stats.mode & 0o777) !== OWN_MODE) fchmodSync(file, OWN_MODE);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/**
 * Checks a path of one of the program's own files.
 * @returns whether there is such a file
 * @throws FileRefusal
 */
export function assertOwnFile(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  assertOwn(stats, path);
  return true;
}

/** @throws FileRefusal when the path is now another file than the one that was opened */
export function assertSameFile(path: string, opened: Stats): void {
  const { dev, ino } = lstatSync(path);
  if (dev !== opened.dev || ino !== opened.ino)
    throw new FileRefusal(
      `${path} was replaced while it was opened`,
      'look who else can write to its folder',
    );
}

function assertOwn(stats: Stats, path: string): void {
  const own = process.geteuid?.();
  if (stats.isSymbolicLink())
    throw new FileRefusal(
      `${path} is a symbolic link, made by user ${stats.uid}: nothing is written through one`,
      `look where it leads, and remove it: rm ${path}`,
    );
  try {
    assertRegular(stats);
  } catch (error) {
    if (!(error instanceof FileRefusal)) throw error;
    throw new FileRefusal(
      `${path} is ${describeFileType(stats)} of user ${stats.uid}, not a regular file`,
      `look what it is for, and remove it: rm -r ${path}`,
    );
  }
  if (stats.uid !== own)
    throw new FileRefusal(
      `${path} belongs to user ${stats.uid}, and this runs as user ${own}`,
      `run it as user ${stats.uid}, or remove the file: rm ${path}`,
    );
  if (isWritableByOthers(stats))
    throw new FileRefusal(
      `${path} has mode ${modeOf(stats)}: users other than its owner, ${stats.uid}, may have written it`,
      `remove it, or, if what is in it is as it should be, chmod 600 ${path}`,
    );
  if (stats.nlink > 1)
    throw new FileRefusal(
      `${path} has ${stats.nlink} names: writing to it would change a file that is elsewhere, too`,
      `remove this name of it: rm ${path}`,
    );
}
