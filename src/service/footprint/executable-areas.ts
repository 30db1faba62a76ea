/** A memory area (VMA) of a process. */
export interface Area {
  readonly start: bigint;
  readonly lengthBytes: number;
}

/** First line of an area in /proc/<pid>/smaps, see proc_pid_smaps(5); the lines up to the next one describe it. */
const HEAD = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$/;
/** Read-only code and constants, private to the process like every mapping of a program. */
const READ_ONLY = /^r-[x-]p$/;
/** No page of the area is a copy that this process has written to. */
const UNWRITTEN = /^Anonymous: +0 kB$/;

/**
 * Areas whose pages all equal the program's file, and will. The area of .data.rel.ro is read-only too, but the loader has
 * written addresses into it: its pages are private copies that the file does not have.
 *
 * @param smaps text of `/proc/<pid>/smaps`
 * @param executable target of `/proc/<pid>/exe`
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
