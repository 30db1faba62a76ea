import { readFileSync } from 'node:fs';
import { diag } from '@opentelemetry/api';

const log = diag.createComponentLogger({ namespace: 'capture' });

/** Interval at which the kernel's counters are read, and shortest interval between two warnings, ns. */
const READ_INTERVAL_NS = 30_000_000_000n;
const WARNING_INTERVAL_NS = 3_600_000_000_000n;

/** A program in the kernel, whoever attached it. */
export interface ProgramDescriptor {
  readonly capability: string;
  readonly program: string;
  readonly fd: number;
}

/** How often the kernel has skipped one program since it was attached. */
export interface SkippedRuns {
  readonly capability: string;
  readonly program: string;
  readonly count: number;
}

/**
 * Skipped runs of a program, from the text of `/proc/<pid>/fdinfo/<fd>`. While a tracing program runs on a CPU, the kernel
 * does not start it again on that CPU. On a preemptible kernel this also hits another task that is scheduled there
 * meanwhile. Undefined for other files than programs, and before Linux 5.12, which does not count.
 */
export function skippedRunsOf(fdinfo: string): number | undefined {
  const count = /^recursion_misses:\s*(\d+)$/m.exec(fdinfo)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** The kernel's count for each program; programs without a readable count are left out. */
export function readSkippedRuns(programs: readonly ProgramDescriptor[]): SkippedRuns[] {
  return programs.flatMap(({ capability, program, fd }) => {
    const count = skippedRunsOf(ownFdinfo(fd));
    return count === undefined ? [] : [{ capability, program, count }];
  });
}

/**
 * Warns of runs that the kernel skipped. They are not counted as lost events: most skipped runs would have recorded
 * nothing, and which ones would have is unknown.
 */
export class SkippedRunsWatch {
  /** Reads the kernel's counters. */
  readonly read: () => readonly SkippedRuns[];
  #nextReadNs = 0n;
  #warnedRuns = 0;

  constructor(read: () => readonly SkippedRuns[]) {
    this.read = read;
  }

  /** Warns when there are more than at the last warning; may be called often. @param nowNs on CLOCK_BOOTTIME */
  warn(nowNs: bigint): void {
    if (nowNs < this.#nextReadNs) return;
    this.#nextReadNs = nowNs + READ_INTERVAL_NS;
    const skipped = this.read().filter(({ count }) => count > 0);
    const total = skipped.reduce((sum, { count }) => sum + count, 0);
    if (total <= this.#warnedRuns) return;
    this.#warnedRuns = total;
    this.#nextReadNs = nowNs + WARNING_INTERVAL_NS;
    log.warn(describe(total, skipped));
  }
}

function describe(total: number, skipped: readonly SkippedRuns[]): string {
  const each = skipped.map(({ program, count }) => `${program} ${count}`).join(', ');
  const isAvoidable = skipped.some(({ program }) => !/^k(ret)?probe_/.test(program));
  return (
    `the kernel has skipped ${total} runs of programs (${each}), while a task was preempted inside one: ` +
    'an access of such a moment, or its outcome, may be missing' +
    (isAvoidable ? '; capture.hook=kprobe avoids it' : '')
  );
}

function ownFdinfo(fd: number): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  } catch {
    // procfs is missing or may not be read: treated like a kernel that does not count
    return '';
  }
}
