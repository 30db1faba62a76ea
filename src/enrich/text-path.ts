import type { Actor } from '../capture/event.ts';
import { below, type Mount, mountOf, parseMounts } from './mount-table.ts';
import type { Procfs } from './procfs.ts';

/** As the kernel (include/linux/namei.h MAXSYMLINKS). */
const LINKS_MAX = 40;

/**
 * File systems on which symbolic links are read. Any other may be served by a server or a user-space process that an
 * attacker controls, and a read could hang for ever.
 */
const LOCAL = /^(?:bcachefs|btrfs|erofs|ext[234]|f2fs|overlay|ramfs|rootfs|squashfs|tmpfs|vfat|xfs|zfs)$/;

/** The link of procfs to the caller's own root. */
const OWN_ROOT = /^(?:thread-)?self(?:\/task\/\d+)?\/root$/;

/** Where a caller's path text leads: into procfs, or elsewhere. */
export type Destination =
  | {
      readonly procfs: true;
      /** As the caller sees it, without symbolic links other than procfs' own. */
      readonly path: string;
      /** Below the root of procfs: `42/mem`, `self/task/43/mem`, `kcore`. */
      readonly inside: string;
      readonly mount: Mount;
    }
  | { readonly procfs: false };

/** Path, below our procfs, of the directory that describes the calling thread. */
export function taskDirectory(actor: Actor): string {
  return `${actor.tgid}/task/${actor.tid}`;
}

/**
 * Where a relative path text starts, as the caller sees it. procfs links are relative to our root, and the caller's root may
 * be below it (chroot).
 */
function startOf(procfs: Procfs, actor: Actor, directory: number | undefined): string | undefined {
  const task = taskDirectory(actor);
  const start = procfs.link(directory === undefined ? `${task}/cwd` : `${actor.tgid}/fd/${directory}`);
  const root = procfs.link(`${task}/root`);
  if (start === undefined || root === undefined) return undefined;
  const inside = below(root, start);
  return inside === undefined ? undefined : `/${inside}`;
}

/** Path within the mounted file system, without a leading slash. */
function insideOf(mount: Mount, path: string): string {
  return `${mount.root}/${below(mount.mountPoint, path) ?? ''}`.replace(/\/+/g, '/').replace(/^\/|\/$/g, '');
}

/**
 * Follows the path text of a running process as the kernel would: in its root, from its working directory (or the
 * directory of descriptor `directory`), across its mounts and symbolic links.
 *
 * @returns undefined when that is unknown, since the process is gone or its mount table cannot be read.
 */
export function followText(
  procfs: Procfs,
  actor: Actor,
  text: string,
  directory: number | undefined,
): Destination | undefined {
  const task = taskDirectory(actor);
  const start = text.startsWith('/') ? '/' : startOf(procfs, actor, directory);
  const mountText = procfs.read(`${task}/mountinfo`);
  if (start === undefined || mountText === undefined) return undefined;
  const mounts = parseMounts(mountText);

  function linkAt(place: string): string | undefined {
    const mount = mountOf(mounts, place);
    if (mount?.type === 'proc') return OWN_ROOT.test(insideOf(mount, place)) ? '/' : undefined;
    return mount !== undefined && LOCAL.test(mount.type) ? procfs.link(`${task}/root${place}`) : undefined;
  }

  const pending = `${start}/${text}`.split('/').reverse();
  let path = '/';
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      path = path.slice(0, Math.max(path.lastIndexOf('/'), 0)) || '/';
      continue;
    }
    const next = path === '/' ? `/${name}` : `${path}/${name}`;
    const link = linkAt(next);
    if (link === undefined) {
      path = next;
      continue;
    }
    links += 1;
    if (links > LINKS_MAX) return { procfs: false };
    if (link.startsWith('/')) path = '/';
    pending.push(...link.split('/').reverse());
  }

  const mount = mountOf(mounts, path);
  if (mount === undefined) return undefined;
  if (mount.type !== 'proc') return { procfs: false };
  const inside = `${mount.root}/${below(mount.mountPoint, path) ?? ''}`
    .split('/')
    .filter(part => part !== '');
  return { procfs: true, path, inside: inside.join('/'), mount };
}
