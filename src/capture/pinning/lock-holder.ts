import { fstatSync, readFileSync } from 'node:fs';
import { isTrusted } from './untrusted-folder.ts';

/**
 * Who of those that hold a lock on an open file can be no memwarden, in words; undefined: nobody. /proc/locks does not
 * show holders outside this pid namespace and those below it.
 */
export function strangerWithLock(fd: number): string | undefined {
  const { dev, ino } = fstatSync(fd);
  const locks = readFileSync('/proc/locks', 'utf8').matchAll(
    /^\d+: FLOCK\s+ADVISORY\s+\w+\s+(?<pid>\d+) (?<major>[0-9a-f]+):(?<minor>[0-9a-f]+):(?<inode>\d+) /gm,
  );
  for (const { groups } of locks) {
    const { pid, major, minor, inode } = groups ?? {};
    const device = deviceNumber(Number.parseInt(major ?? '', 16), Number.parseInt(minor ?? '', 16));
    if (device !== dev || Number(inode) !== ino) continue;
    const uid = realUid(Number(pid));
    // a memwarden locks for itself, so its lock ends with it: this one was inherited to outlive its maker
    if (uid === undefined) return `a process that got it from process ${pid}, which has ended`;
    if (!isTrusted(uid)) return `process ${pid} of uid ${uid}`;
  }
  return undefined;
}

/** makedev(3) of the C library, which is how stat(2) gives a device; the kernel has 12 bits of major and 20 of minor. */
function deviceNumber(major: number, minor: number): number {
  return (minor >> 8) * 2 ** 20 + major * 2 ** 8 + (minor & 0xff);
}

/** Not that of /proc/<pid> itself, which a process makes root's by prctl(2), nor the effective one of a set-user-ID program. */
function realUid(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^Uid:\s*(\d+)/m.exec(status)?.[1]);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
