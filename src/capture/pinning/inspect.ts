import { closeSync, lstatSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { below } from './below.ts';
import { isMountedByMemwarden, isOnBpfFileSystem, notMountable, whyNotMountable } from './bpf-file-system.ts';
import { assertOwn } from './own-folder.ts';
import { openTrustedFolder } from './trusted-folder.ts';
import { UntrustedFolder } from './untrusted-folder.ts';

/** What a start would find at its pin path. */
export type PinPlace =
  | { readonly kind: 'ready'; readonly mountedByMemwarden: boolean; readonly hasFolder: boolean }
  /** No BPF file system yet; a process that has the right to mount can mount one. */
  | { readonly kind: 'mountable' }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly advice?: string };

/** Inspects the pin path and changes nothing. */
export function inspectPinPlace(path: string): PinPlace {
  try {
    return inspect(path);
  } catch (error) {
    if (error instanceof UntrustedFolder) {
      return { kind: 'unavailable', reason: `refused: ${error.message}`, advice: error.advice };
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return { kind: 'unavailable', reason: `failed to look at ${path}: ${code}` };
  }
}

function inspect(path: string): PinPlace {
  const mountPoint = dirname(resolve(path));
  const parent = openTrustedFolder(mountPoint);
  try {
    if (!isOnBpfFileSystem(parent)) {
      const why = whyNotMountable(parent);
      return why === undefined
        ? { kind: 'mountable' }
        : { kind: 'unavailable', reason: notMountable(mountPoint, why) };
    }
    const stats = lstatSync(below(parent, basename(path)), { throwIfNoEntry: false });
    if (stats !== undefined) assertOwn(path, stats);
    return {
      kind: 'ready',
      mountedByMemwarden: isMountedByMemwarden(parent),
      hasFolder: stats !== undefined,
    };
  } finally {
    closeSync(parent);
  }
}
