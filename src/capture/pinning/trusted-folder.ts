import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, statfsSync } from 'node:fs';
import { resolve } from 'node:path';
import { below } from './below.ts';
import { isTrusted, UntrustedFolder } from './untrusted-folder.ts';

/** include/uapi/asm-generic/fcntl.h; the same on both architectures. */
const O_PATH = 0o10000000;
/** include/uapi/linux/magic.h */
const PROC_SUPER_MAGIC = 0x9fa0;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
/** MAXSYMLINKS of the kernel. */
const LINKS_MAX = 40;

/**
 * Opens a folder if no other user can replace it, or any folder or link on the path to it, like systemd's CHASE_SAFE and
 * sshd's StrictModes: name by name, each through the descriptor of its parent. A folder in which others may write is
 * accepted if it is sticky, since they can only rename and remove their own entries there.
 *
 * @returns an O_PATH descriptor
 * @throws UntrustedFolder; Error with a code when the kernel refuses
 */
export function openTrustedFolder(path: string): number {
  const names = namesIn(resolve(path));
  let links = 0;
  let reached = '/';
  let folder = openSync('/', O_PATH | constants.O_DIRECTORY);
  try {
    assertProtected(folder, reached);
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const parent = folder;
      const stats = lstatSync(below(parent, name));
      reached = resolve(reached, name);
      if (!isTrusted(stats.uid)) throw belongsTo(reached, stats.uid);
      if (!stats.isSymbolicLink()) {
        folder = openSync(below(parent, name), O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      } else if (statfsSync(below(parent)).type === PROC_SUPER_MAGIC) {
        // readlink of a magic link (/proc/1/root) does not return where it leads, so the kernel has to follow it
        folder = openSync(below(parent, name), O_PATH | constants.O_DIRECTORY);
      } else {
        if (++links > LINKS_MAX) throw Object.assign(new Error(`${path}: ELOOP`), { code: 'ELOOP' });
        const target = readlinkSync(below(parent, name));
        names.unshift(...namesIn(target));
        if (!target.startsWith('/')) {
          reached = resolve(reached, '..');
          continue;
        }
        reached = '/';
        folder = openSync('/', O_PATH | constants.O_DIRECTORY);
      }
      closeSync(parent);
      assertProtected(folder, reached);
    }
    return folder;
  } catch (error) {
    closeSync(folder);
    throw error;
  }
}

function namesIn(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.');
}

function assertProtected(folder: number, reached: string): void {
  const { uid, mode } = fstatSync(folder);
  if (!isTrusted(uid)) throw belongsTo(reached, uid);
  if ((mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0) {
    throw new UntrustedFolder(
      `other users may rename and remove what is in ${reached}`,
      `chmod go-w ${reached}, or choose another capture.pinPath`,
    );
  }
}

function belongsTo(path: string, uid: number): UntrustedFolder {
  return new UntrustedFolder(
    `${path} belongs to uid ${uid}`,
    'choose a capture.pinPath to which only folders and links of root, or of the user of memwarden, lead',
  );
}
