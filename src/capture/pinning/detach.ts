import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MemwardenError } from '../../errors.ts';
import { loadLibbpf } from '../libbpf.ts';
import { PinDirectory, PinningUnavailable } from './pin-directory.ts';
import { retire } from './predecessor.ts';

/** What was removed from the kernel. */
export interface Detached {
  readonly programs: number;
  /** Records that they had sent and nobody has read: gone. */
  readonly unread: number;
}

/**
 * Ends the programs that a sidecar has left to the kernel, and removes their maps.
 *
 * @returns undefined when there are none
 * @throws MemwardenError CAPTURE_UNAVAILABLE when a sidecar is using them, or they cannot be reached
 */
export function detachPinned(path: string): Detached | undefined {
  const pins = open(path);
  if (pins === undefined) return undefined;
  try {
    pins.removePending();
    const programs = pins.programs.reduce((sum, { path }) => sum + countPrograms(path), 0);
    const libbpf = loadLibbpf();
    let unread = 0;
    for (const layout of pins.layouts) {
      for (const records of retire(libbpf, pins, layout).unread.values()) unread += records;
    }
    pins.remove();
    return { programs, unread };
  } finally {
    pins.close();
  }
}

function open(path: string): PinDirectory | undefined {
  try {
    return new PinDirectory(path, false);
  } catch (error) {
    if (!(error instanceof PinningUnavailable)) throw error;
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
    throw new MemwardenError(
      'CAPTURE_UNAVAILABLE',
      `failed to look for pinned programs in ${path}: ${error.message}`,
      'run it as root, in a mount namespace that has the BPF file system',
      { cause: error },
    );
  }
}

function countPrograms(directory: string): number {
  return readdirSync(directory, { withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isDirectory() ? readdirSync(join(directory, entry.name)).length : 0),
    0,
  );
}
