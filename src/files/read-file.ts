import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { assertRegular } from './file-kind.ts';
import { FileRefusal } from './file-refusal.ts';
import { assertTrusted } from './trusted-owner.ts';

/*
 * Files that are only read may be reached by symbolic links: Kubernetes mounts secrets and configuration as links, and
 * administrators make them. What counts is the file at the end, as its descriptor shows it.
 */

export interface ReadRules {
  /** Most bytes that such a file has; a larger one is refused before it is read. */
  readonly maxBytes: number;
  /** Whether its content decides what the program does, so that only whom it trusts may be able to write it. */
  readonly trusted: boolean;
}

export interface ReadFile {
  readonly bytes: Buffer;
  readonly stats: Stats;
}

/**
 * Opens a regular file for reading, and nothing else: neither is a FIFO waited for nor a device touched.
 * @throws FileRefusal, or the Error of the system call
 */
export function openToRead(path: string, trusted: boolean): { readonly file: number; readonly stats: Stats } {
  // first by name, since opening a device can act on it; what may have changed since is looked at again
  assertRegular(statSync(path));
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(file);
    assertRegular(stats);
    if (trusted) assertTrusted(stats, path);
    return { file, stats };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/**
 * The whole of a file.
 * @throws FileRefusal, or the Error of the system call
 */
export function readFile(path: string, { maxBytes, trusted }: ReadRules): ReadFile {
  const { file, stats } = openToRead(path, trusted);
  try {
    if (stats.size > maxBytes) throw tooLarge(`${stats.size} bytes`, maxBytes);
    // files of procfs and sysfs have no size, and others may grow: the bound is on what is read
    const buffer = Buffer.alloc(stats.size > 0 ? stats.size + 1 : maxBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) return { bytes: buffer.subarray(0, length), stats };
      length += read;
    }
    throw stats.size > 0
      ? new FileRefusal('it grew while it was read', 'try again when it is complete')
      : tooLarge(`more than ${maxBytes} bytes`, maxBytes);
  } finally {
    closeSync(file);
  }
}

/**
 * Looks at a file that something else opens by its name.
 * @throws FileRefusal, or the Error of the system call
 */
export function assertReadable(path: string): void {
  closeSync(openToRead(path, true).file);
}

function tooLarge(size: string, maxBytes: number): FileRefusal {
  return new FileRefusal(
    `it has ${size}, and at most ${maxBytes} are read`,
    'check that it is the right file',
  );
}
