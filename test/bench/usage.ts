import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** USER_HZ of /proc/<pid>/stat. */
const TICKS_PER_SECOND = 100;

/** CPU time and memory of a process. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
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
  };
}

/** CPU time of all threads of a process, ns, without those that have ended. */
export function runNanoseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, tid) => {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ');
    return sum + Number(nanoseconds);
  }, 0);
}

/** Parts of the RSS, bytes. */
export interface ResidentParts {
  readonly executable: number;
  readonly ringBuffer: number;
  readonly otherFiles: number;
  readonly own: number;
  /** Private memory that malloc(3) has from brk(2). */
  readonly heap: number;
  /** The PSS: each page divided by the number of processes that map it. */
  readonly proportional: number;
}

/** Sums of /proc/<pid>/smaps. */
export function residentParts(pid: number): ResidentParts {
  const executable = readlinkSync(`/proc/${pid}/exe`);
  const parts = { executable: 0, ringBuffer: 0, otherFiles: 0, own: 0, heap: 0, proportional: 0 };
  let file: 'executable' | 'ringBuffer' | 'otherFiles' = 'otherFiles';
  let isHeap = false;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const path = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+ *(.*)$/.exec(line)?.[1];
    if (path === executable) file = 'executable';
    else if (path !== undefined) file = path === 'anon_inode:bpf-map' ? 'ringBuffer' : 'otherFiles';
    if (path !== undefined) isHeap = path === '[heap]';
    const [, name, kilobytes] = /^(Rss|Pss|Anonymous): +(\d+) kB$/.exec(line) ?? [];
    const bytes = Number(kilobytes) * 1024;
    if (name === 'Rss') parts[file] += bytes;
    if (name === 'Pss') parts.proportional += bytes;
    if (name === 'Anonymous') {
      parts[file] -= bytes;
      parts.own += bytes;
      if (isHeap) parts.heap += bytes;
    }
  }
  return parts;
}
