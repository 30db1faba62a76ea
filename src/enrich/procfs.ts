import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';

/** USER_HZ: the unit of times in /proc/<pid>/stat, 100 on every architecture we build for. */
const NS_PER_CLOCK_TICK = 10_000_000n;

/** Most bytes that are read of a file; enough for every file used here except a huge command line, which is cut. */
const FILE_BYTES_MAX = 65_536;

const buffer = Buffer.allocUnsafeSlow(FILE_BYTES_MAX);

/** The fields of /proc/<pid>/stat that are used. */
export interface ProcessStat {
  readonly comm: string;
  readonly ppid: number;
  /** Start of the task, in clock ticks on CLOCK_BOOTTIME. */
  readonly startTicks: bigint;
}

/** Reads of procfs; each returns undefined when the process is gone or may not be inspected. */
export interface Procfs {
  readonly root: string;
  /** The whole text of a file, given by its path below the root: `42/cmdline`. */
  read(file: string): string | undefined;
  /** Target of a link below the root. */
  link(file: string): string | undefined;
  /** Pids of all processes. */
  processes(): number[];
  stat(pid: number | string): ProcessStat | undefined;
}

/** Clock ticks, as /proc/<pid>/stat rounds them, of a start time in ns. */
export function startTicksOf(startTimeNs: bigint): bigint {
  return startTimeNs / NS_PER_CLOCK_TICK;
}

/** Start time in ns of clock ticks: exact to 10 ms. */
export function startTimeOf(startTicks: bigint): bigint {
  return startTicks * NS_PER_CLOCK_TICK;
}

/** Parses a stat file; undefined for any other text. comm may contain spaces and parentheses. */
function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  // proc_pid_stat(5) counts from 1 and fields[0] is number 3: ppid is 4, starttime 22
  const ppid = fields[1];
  const startTicks = fields[19];
  if (open < 0 || close < open || ppid === undefined || startTicks === undefined) return undefined;
  return { comm: text.slice(open + 1, close), ppid: Number(ppid), startTicks: BigInt(startTicks) };
}

/** Procfs mounted at `root`. */
export function createProcfs(root: string): Procfs {
  function read(file: string): string | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(`${root}/${file}`, 'r');
    } catch {
      return undefined; // gone or refused; callers do not distinguish them
    }
    try {
      let bytes = 0;
      while (bytes < FILE_BYTES_MAX) {
        const count = readSync(descriptor, buffer, bytes, FILE_BYTES_MAX - bytes, null);
        if (count === 0) break;
        bytes += count;
      }
      return buffer.toString('utf8', 0, bytes);
    } catch {
      return undefined; // ESRCH: the process ended between open and read
    } finally {
      closeSync(descriptor);
    }
  }

  function link(file: string): string | undefined {
    try {
      return readlinkSync(`${root}/${file}`);
    } catch {
      return undefined; // gone, refused, or a kernel thread
    }
  }

  function processes(): number[] {
    return readdirSync(root)
      .filter(name => /^\d+$/.test(name))
      .map(Number);
  }

  function stat(pid: number | string): ProcessStat | undefined {
    const text = read(`${pid}/stat`);
    return text === undefined ? undefined : parseStat(text);
  }

  return { root, read, link, processes, stat };
}
