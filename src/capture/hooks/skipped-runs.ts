import { readFileSync } from 'node:fs';
import { diag } from '@opentelemetry/api';

const log = diag.createComponentLogger({ namespace: 'capture' });

/** How often the kernel is asked, and at most how often there is a warning, ns. */
const LOOK_INTERVAL_NS = 30_000_000_000n;
const REPORT_INTERVAL_NS = 3_600_000_000_000n;

/** A program in the kernel, whoever attached it. */
export interface ProgramDescriptor {
  readonly capability: string;
  readonly program: string;
  readonly fd: number;
}

/** How often the kernel has left one program out since it was attached. */
export interface SkippedRuns {
  readonly capability: string;
  readonly program: string;
  readonly count: number;
}

/**
 * Runs of a program that the kernel has left out, by the text of `/proc/<pid>/fdinfo/<fd>`: a tracing program that is
 * under way on a CPU is not begun there again, and where the kernel preempts itself, by no other task either. Undefined
 * for what is no program, and before Linux 5.12, which does not count.
 */
export function skippedRunsOf(fdinfo: string): number | undefined {
  const count = /^recursion_misses:\s*(\d+)$/m.exec(fdinfo)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** What the kernel has counted of each program of this process, as far as it counts and lets itself be asked. */
export function readSkippedRuns(programs: readonly ProgramDescriptor[]): SkippedRuns[] {
  return programs.flatMap(({ capability, program, fd }) => {
    const count = skippedRunsOf(ownFdinfo(fd));
    return count === undefined ? [] : [{ capability, program, count }];
  });
}

/**
 * Warns of runs that the kernel has left out. They are no lost events: most would have seen what nobody is told of, and
 * which did not is not known. So they are kept out of the balance of events.
 */
export class SkippedRunsWatch {
  /** Asks the kernel. */
  readonly read: () => readonly SkippedRuns[];
  #lookNs = 0n;
  #warnedRuns = 0;

  constructor(read: () => readonly SkippedRuns[]) {
    this.read = read;
  }

  /** Warns when there are more than it has told of; may be called often. @param nowNs on CLOCK_BOOTTIME */
  warn(nowNs: bigint): void {
    if (nowNs < this.#lookNs) return;
    this.#lookNs = nowNs + LOOK_INTERVAL_NS;
    const skipped = this.read().filter(({ count }) => count > 0);
    const total = skipped.reduce((sum, { count }) => sum + count, 0);
    if (total <= this.#warnedRuns) return;
    this.#warnedRuns = total;
    this.#lookNs = nowNs + REPORT_INTERVAL_NS;
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
    // no procfs here, or none that may be read: the same as a kernel that does not count
    return '';
  }
}
