import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ of /proc/<pid>/stat. */
const TICKS_PER_SECOND = 100;

/** What a process has used so far. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** Of the RSS: memory of its own, and pages of files, which processes share. */
  readonly privateBytes: number;
  readonly fileBytes: number;
}

export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return {
    // proc_pid_stat(5) counts from 1 and fields[0] is number 3: utime is 14, stime 15
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssBytes: kilobytes('VmRSS') * 1024,
    peakRssBytes: kilobytes('VmHWM') * 1024,
    privateBytes: kilobytes('RssAnon') * 1024,
    fileBytes: kilobytes('RssFile') * 1024,
  };
}

/** Time that all threads of a process have run, ns; those that have ended are missing. */
export function runNanoseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, tid) => {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ');
    return sum + Number(nanoseconds);
  }, 0);
}
