import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { assertRegular } from './file-kind.ts';
import { FileRefusal } from './file-refusal.ts';
import { assertTrusted } from './trusted-owner.ts';

/*
 * Files that are only read may be reached through symbolic links: Kubernetes mounts secrets and configuration as links, and
 * administrators make them. The file that was opened is checked, through its descriptor.
 */

export interface ReadRules {
  /** Largest size; a larger file is refused before it is read. */
  readonly maxBytes: number;
  /** Whether its content decides what the program does: then only trusted users may be able to write to it. */
  readonly trusted: boolean;
}

export interface ReadFile {
  readonly bytes: Buffer;
  readonly stats: Stats;
}

/**
 * Opens a regular file for reading. Does not wait for the writer of a FIFO, and does not open a device.
 * @throws FileRefusal, or the Error of the system call
 */
export function openToRead(path: string, trusted: boolean): { readonly file: number; readonly stats: Stats } {
  // by path first, since opening a device can have effects; again by descriptor, since the path may have changed
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
 * Reads a whole file.
 * @throws FileRefusal, or the Error of the system call
 */
export function readFile(path: string, { maxBytes, trusted }: ReadRules): ReadFile {
  const { file, stats } = openToRead(path, trusted);
  try {
    if (stats.size > maxBytes) throw tooLarge(`${stats.size} bytes`, maxBytes);
    // files of procfs and sysfs have size 0, and others may grow: one byte more than allowed is enough to notice
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
 * Checks a file that a library opens by its path.
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
