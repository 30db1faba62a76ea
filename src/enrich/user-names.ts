import { statSync } from 'node:fs';
import { readFile } from '../files/read-file.ts';

/** How often the file is checked for changes. */
const RECHECK_MILLIS = 1000;

/** About 80,000 users: a line has about 50 bytes. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

export interface UserNames {
  /** Login name of a user id of the initial user namespace; undefined when the file has none. */
  lookup(uid: number): string | undefined;
}

function parse(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':');
    // The first entry of an id wins, as in getpwuid(3).
    if (name && uid && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}

/** Names from the first readable file of `paths`, in the format of passwd(5); read again when it changes. */
export function createUserNames(paths: readonly string[]): UserNames {
  let names: ReadonlyMap<number, string> = new Map();
  let version = '';
  let recheckAtMillis = 0;

  function refresh(): void {
    for (const path of paths) {
      try {
        const { ino, size, mtimeNs } = statSync(path, { bigint: true });
        const found = `${path} ${ino} ${size} ${mtimeNs}`;
        if (found !== version) {
          names = parse(readFile(path, { maxBytes: FILE_BYTES_MAX, trusted: false }).bytes.toString('utf8'));
          version = found;
        }
        return;
      } catch {
        // missing or not readable: try the next one
      }
    }
  }

  function lookup(uid: number): string | undefined {
    const now = performance.now();
    if (now >= recheckAtMillis) {
      recheckAtMillis = now + RECHECK_MILLIS;
      refresh();
    }
    return names.get(uid);
  }

  return { lookup };
}
