/** Part of the memory of a process. */
export interface Area {
  readonly start: bigint;
  readonly lengthBytes: number;
}

/** First line of an area in /proc/<pid>/smaps, see proc_pid_smaps(5): what follows its file's name is about it. */
const HEAD = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$/;
/** Read-only code and constants, private to the process like every mapping of a program. */
const READ_ONLY = /^r-[x-]p$/;
/** No page of the area is a copy that this process has written to. */
const UNWRITTEN = /^Anonymous: +0 kB$/;

/**
 * Areas in which every page is what the file of the program holds, and stays so. Where the loader has put addresses in
 * (.data.rel.ro) is read-only by now as well, but its pages are copies: they are nowhere else.
 *
 * @param smaps text of `/proc/<pid>/smaps`
 * @param executable where `/proc/<pid>/exe` leads
 */
export function executableAreas(smaps: string, executable: string): Area[] {
  const areas: Area[] = [];
  let candidate: Area | undefined;
  for (const line of smaps.split('\n')) {
    const [, start = '', end = '', rights = '', path] = HEAD.exec(line) ?? [];
    if (path !== undefined) {
      const from = BigInt(`0x${start}`);
      const area = { start: from, lengthBytes: Number(BigInt(`0x${end}`) - from) };
      candidate = path === executable && READ_ONLY.test(rights) ? area : undefined;
    } else if (candidate !== undefined && UNWRITTEN.test(line)) {
      areas.push(candidate);
    }
  }
  return areas;
}
