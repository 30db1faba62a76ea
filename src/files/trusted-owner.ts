import { type Stats, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { modeOf } from './file-kind.ts';
import { FileRefusal } from './file-refusal.ts';

const OTHERS_WRITE = 0o002;
const GROUP_WRITE = 0o020;

/** The owner of the program's files. They could change the program itself, so trusting their files adds no risk. */
const installer = statSync(fileURLToPath(import.meta.url)).uid;

/**
 * Users whose files may decide what this program does: root, its own user, the owner of the program, and where it runs as
 * root, the user who started it with sudo(8) and named the files.
 */
function isTrusted(uid: number): boolean {
  const own = process.geteuid?.() ?? 0;
  const caller = own === 0 ? Number(process.env['SUDO_UID'] || '0') : own;
  return uid === 0 || uid === own || uid === installer || uid === caller;
}

/** Whether the group is the private one of its user: by the convention of useradd(8) it has the same number. */
function isPrivateGroup({ uid, gid }: Stats): boolean {
  return uid !== 0 && uid === gid;
}

/** Whether users other than the owner may write. */
export function isWritableByOthers(stats: Stats): boolean {
  if ((stats.mode & OTHERS_WRITE) !== 0) return true;
  return (stats.mode & GROUP_WRITE) !== 0 && !isPrivateGroup(stats);
}

/**
 * Checks a file that decides what this program does. The stats must be of the descriptor that is read.
 * @throws FileRefusal when an untrusted user may have written to it
 */
export function assertTrusted(stats: Stats, path: string): void {
  if (!isTrusted(stats.uid))
    throw new FileRefusal(
      `it belongs to user ${stats.uid}, who is neither root nor user ${process.geteuid?.()}, who runs this`,
      `chown root ${path}, if what is in it is as it should be`,
    );
  if (isWritableByOthers(stats))
    throw new FileRefusal(
      `its mode is ${modeOf(stats)}: users other than its owner, ${stats.uid}, may write it`,
      `chmod go-w ${path}, if what is in it is as it should be`,
    );
}

/** Whether a trusted user made the link. */
export function isTrustedLink(link: Stats): boolean {
  return isTrusted(link.uid);
}
