import type { Stats } from 'node:fs';
import { FileRefusal } from './file-refusal.ts';

/** The type of a file, in words for a message. */
export function describeFileType(stats: Stats): string {
  if (stats.isFile()) return 'a regular file';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/** @throws FileRefusal */
export function assertRegular(stats: Stats): void {
  // begins with the error that read(2) gives for a directory, which people search for
  if (stats.isDirectory()) throw new FileRefusal('EISDIR: it is a directory', 'name a file');
  if (!stats.isFile())
    throw new FileRefusal(`it is ${describeFileType(stats)}, not a regular file`, 'name a regular file');
}

/** Permission bits as chmod(1) has them. */
export function modeOf({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
