import { type Stats, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { modeOf } from './file-kind.ts';
import { FileRefusal } from './file-refusal.ts';

const OTHERS_WRITE = 0o002;
const GROUP_WRITE = 0o020;

/** Who owns this program can make it do anything, so it may believe what is theirs. */
const installer = statSync(fileURLToPath(import.meta.url)).uid;

/**
 * Users whose files may say what this program does: root, the one it runs as, the owner of the program, and for root the
 * one that it was started by with sudo(8), who names the files.
 */
function isTrusted(uid: number): boolean {
  const own = process.geteuid?.() ?? 0;
  const caller = own === 0 ? Number(process.env['SUDO_UID'] || '0') : own;
  return uid === 0 || uid === own || uid === installer || uid === caller;
}

/** The group of one user alone, by the convention of useradd(8): it has the number of the user. */
function isPrivateGroup({ uid, gid }: Stats): boolean {
  return uid !== 0 && uid === gid;
}

/** Whether users other than the owner may write. */
export function isWritableByOthers(stats: Stats): boolean {
  if ((stats.mode & OTHERS_WRITE) !== 0) return true;
  return (stats.mode & GROUP_WRITE) !== 0 && !isPrivateGroup(stats);
}

/**
 * For files that say what this program does. The stats must be of the descriptor that is read.
 * @throws FileRefusal when somebody else may have written it
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

/** Whether a link that is followed was made by somebody who may say where it leads. */
export function isTrustedLink(link: Stats): boolean {
  return isTrusted(link.uid);
}
