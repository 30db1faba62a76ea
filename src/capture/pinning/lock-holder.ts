import { fstatSync, readFileSync } from 'node:fs';
import { isTrusted } from './untrusted-folder.ts';

/**
 * Describes a holder of the lock on an open file that cannot be a memwarden; undefined: there is none. /proc/locks only
 * shows holders in this pid namespace and those below it.
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
    // the lock of a memwarden ends with its process; this one was passed on to another process
    if (uid === undefined) return `a process that got it from process ${pid}, which has ended`;
    if (!isTrusted(uid)) return `process ${pid} of uid ${uid}`;
  }
  return undefined;
}

/** makedev(3) of the C library, as stat(2) returns a device; the kernel has 12 bits of major and 20 of minor. */
function deviceNumber(major: number, minor: number): number {
  return (minor >> 8) * 2 ** 20 + major * 2 ** 8 + (minor & 0xff);
}

/**
 * The real uid from the status file. The owner of /proc/<pid> is root for a process that cleared its dumpable flag by
 * prctl(2), and the effective uid is root in a set-user-ID program.
 */
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
