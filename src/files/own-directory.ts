import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { resolve } from 'node:path';
import { describeFileType, modeOf } from './file-kind.ts';
import { FileRefusal } from './file-refusal.ts';
import { isTrustedLink, isWritableByOthers } from './trusted-owner.ts';

const { O_DIRECTORY, O_NOFOLLOW } = constants;

/** open(2): a descriptor of a path only, which takes no right to list the folder; Node.js does not export the constant. */
const O_PATH = 0o10000000;

/** The kernel's own limit, path_resolution(7). */
const LINKS_MAX = 40;

/**
 * Checks that a folder for the program's own files belongs to this user and cannot be written by others, so that everything
 * in it was put there by this program or by root. The path is walked descriptor by descriptor: no step can be replaced by a
 * link between its check and its use.
 *
 * @param make whether missing folders are created, the last one with mode 0700
 * @throws FileRefusal, or the Error of the system call
 */
export function assertOwnDirectory(path: string, make: boolean): void {
  const names = resolve(path)
    .split('/')
    .filter(name => name !== '');
  let at = openSync('/', O_PATH | O_DIRECTORY);
  let links = 0;
  try {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const entry = `/proc/self/fd/${at}/${name}`;
      let stats = lstatSync(entry, { throwIfNoEntry: false });
      if (stats === undefined && make) {
        mkdirSync(entry, { mode: names.length === 0 ? 0o700 : 0o755 });
        stats = lstatSync(entry);
      }
      if (stats?.isSymbolicLink()) {
        assertLink(stats, fstatSync(at), name, path);
        if (++links > LINKS_MAX)
          throw new FileRefusal('ELOOP: there are too many links on the way', 'name its real path');
        const target = readlinkSync(entry);
        names.unshift(...target.split('/').filter(part => part !== '' && part !== '.'));
        if (target.startsWith('/')) at = replace(at, '/');
      } else {
        at = replace(at, entry);
      }
    }
    assertOwn(fstatSync(at), path);
  } catch (error) {
    throw error instanceof FileRefusal ? error : withPath(error, path);
  } finally {
    closeSync(at);
  }
}

/** The system call's error, with the caller's path in place of /proc/self/fd/…. */
function withPath(error: unknown, path: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  const [, what = message, name] = /^(.*) '\/proc\/self\/fd\/\d+\/(.*)'$/.exec(message) ?? [];
  return new Error(name === undefined ? what : `${what} '${name}' on the way to ${path}`, { cause: error });
}

function replace(at: number, entry: string): number {
  const next = openSync(entry, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  closeSync(at);
  return next;
}

function assertLink(link: Stats, folder: Stats, name: string, path: string): void {
  if (isTrustedLink(link) && !isWritableByOthers(folder)) return;
  throw new FileRefusal(
    `${name} in ${path} is a symbolic link of user ${link.uid}, in a folder of mode ${modeOf(folder)}: somebody else can say where it leads`,
    'name the real path, in folders that only root or this user can write to',
  );
}

function assertOwn(stats: Stats, path: string): void {
  const own = process.geteuid?.();
  if (!stats.isDirectory())
    throw new FileRefusal(`it is ${describeFileType(stats)}, not a directory`, 'name a directory');
  if (stats.uid !== own)
    throw new FileRefusal(
      `it belongs to user ${stats.uid}, and this runs as user ${own}`,
      `run it as user ${stats.uid}, or choose another directory`,
    );
  if (isWritableByOthers(stats))
    throw new FileRefusal(
      `its mode is ${modeOf(stats)}: others could put files and links into it`,
      `choose a directory of its own, or if it is one, look what is in it and chmod 700 ${path}`,
    );
}
