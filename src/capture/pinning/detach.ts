import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MemwardenError } from '../../errors.ts';
import { loadLibbpf } from '../../native/libbpf.ts';
import { type Unmounting, unmountOwn } from './bpf-file-system.ts';
import { PinDirectory } from './pin-directory.ts';
import { PinningUnavailable } from './pinning-unavailable.ts';
import { retire } from './predecessor.ts';
import { UntrustedFolder } from './untrusted-folder.ts';

/** What `detachPinned` removed. */
export interface Detached {
  /** Undefined: nothing was pinned. */
  readonly pinned?: Removed;
  /** Result for the BPF file system, if memwarden had mounted it. */
  readonly unmounting?: Unmounting;
}

export interface Removed {
  readonly programs: number;
  /** Records that they had sent and nobody has read; they are lost. */
  readonly unread: number;
}

/**
 * Detaches the programs that a sidecar left pinned, removes their maps, and unmounts the BPF file system of the pins if
 * memwarden mounted it.
 *
 * @throws MemwardenError CAPTURE_UNAVAILABLE when a sidecar is using them, or they cannot be reached
 */
export function detachPinned(path: string): Detached {
  const pins = ifPresent(path, () => new PinDirectory(path, false));
  const pinned = pins && removePinned(pins);
  const unmounting = ifPresent(path, () => unmountOwn(dirname(resolve(path))));
  return { ...(pinned && { pinned }), ...(unmounting && { unmounting }) };
}

function removePinned(pins: PinDirectory): Removed {
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

/** @returns undefined where there is no such folder */
function ifPresent<T>(path: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isMissing(error) || (error instanceof PinningUnavailable && isMissing(error.cause))) return undefined;
    if (error instanceof PinningUnavailable) {
      throw unreachable(path, error, 'run it as root, in a mount namespace that has the BPF file system');
    }
    if (error instanceof UntrustedFolder) throw unreachable(path, error, error.advice);
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function unreachable(path: string, cause: Error, hint: string): MemwardenError {
  return new MemwardenError(
    'CAPTURE_UNAVAILABLE',
    `failed to look for pinned programs in ${path}: ${cause.message}`,
    hint,
    { cause },
  );
}

function countPrograms(directory: string): number {
  return readdirSync(directory, { withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isDirectory() ? readdirSync(join(directory, entry.name)).length : 0),
    0,
  );
}
