import type { CapturedEvent, CpuCounters, DropReason, ReportedDrops } from '../capture/index.ts';
import type { Loss } from '../telemetry/record/loss.ts';

/** Numbers for which neither an event arrived nor a drop was counted. */
const SEQUENCE_GAP = 'sequence_gap';
/** Events of an earlier version with another record layout, still in its ring buffer when this version took over. */
const OTHER_VERSION = 'other_version';

/** Source of the kernel's counters; in the sidecar, the capture. */
export interface LossSource {
  counters(): readonly CpuCounters[];
  pendingRepetitions(): bigint;
  readonly reportedDrops: Pick<ReportedDrops, 'sinceNs' | 'count' | 'report' | 'save'>;
}

type ReceivedEvent = Pick<CapturedEvent, 'cpu' | 'sequence' | 'kind' | 'repeatCount'>;

/** Events of one CPU that were lost for one reason, since this process began. */
export interface LostCount {
  readonly cpu: number;
  readonly reason: string;
  readonly count: bigint;
}

/** State of the comparison for one CPU. */
interface CpuBalance {
  /** Drops that an earlier process reported. */
  readonly reportedBefore: bigint;
  /** Numbered events that have arrived. */
  received: number;
  /** How many of `received` have a higher number than the snapshot. */
  ahead: number;
  /** The counters at the last check. Every event that they count has arrived once the ring buffer has been empty. */
  snapshot: CpuCounters;
  /** Numbers of events that an earlier process, or the check of the hooks at the start, has read. */
  base: bigint | undefined;
  /** How many events were missing at the last check, `base` included. */
  missing: bigint;
  /** Gaps that were reported so far. */
  gaps: bigint;
}

/**
 * Finds events that the kernel saw and this process never received, and reports each loss once.
 *
 * The kernel counts the events that it drops, and numbers the events of each CPU. An event that was neither dropped nor
 * received by the time the ring buffer is empty is a gap. Numbers are counted and not compared one by one, because two
 * events can share a number and leave the one before it unused (next_sequence() in bpf/lib/emit.bpf.h).
 */
export class LossWatch {
  readonly #source: LossSource;
  readonly #nowUnixNs: () => bigint;
  readonly #cpus: CpuBalance[];
  readonly #lost = new Map<string, LostCount>();
  readonly #waiting: Loss[] = [];
  #sinceUnixNs: bigint;
  #drained = false;
  /** Events without a number: those read from the kernel's maps. */
  #unnumbered = 0n;
  #notices = 0;

  constructor(source: LossSource, nowUnixNs: () => bigint = () => BigInt(Date.now()) * 1_000_000n) {
    this.#source = source;
    this.#nowUnixNs = nowUnixNs;
    this.#sinceUnixNs = nowUnixNs();
    this.#cpus = source.counters().map(snapshot => ({
      reportedBefore: reasonsOf(snapshot).reduce(
        (sum, reason) => sum + source.reportedDrops.count(snapshot.cpu, reason),
        0n,
      ),
      received: 0,
      ahead: 0,
      snapshot,
      base: undefined,
      missing: 0n,
      gaps: 0n,
    }));
  }

  /** Must be called with every event that arrives. */
  received({ cpu, sequence, kind, repeatCount }: ReceivedEvent): void {
    const balance = kind === 'repeat' || sequence === 0n ? undefined : this.#cpus[cpu];
    if (balance === undefined) {
      this.#unnumbered += kind === 'repeat' ? repeatCount : 1n;
      return;
    }
    balance.received += 1;
    if (sequence > balance.snapshot.sequence) balance.ahead += 1;
  }

  /** Counts events of another version's programs that cannot be decoded as lost. @param unread their number by CPU */
  abandoned(unread: ReadonlyMap<number, number>): void {
    const nowUnixNs = this.#nowUnixNs();
    for (const [cpu, records] of unread) {
      const count = BigInt(records);
      this.#unnumbered += count;
      this.#count(cpu, OTHER_VERSION, count);
      this.#waiting.push({
        cpu,
        reason: OTHER_VERSION,
        count,
        total: count,
        startUnixNs: nowUnixNs,
        endUnixNs: nowUnixNs,
        countersSinceNs: this.#source.reportedDrops.sinceNs,
      });
    }
  }

  /** The ring buffer has been read to its end. */
  drained(): void {
    this.#drained = true;
  }

  /** Losses since the last call. @throws Error when the counters cannot be read */
  collect(): Loss[] {
    const losses: Loss[] = this.#waiting.splice(0);
    const endUnixNs = this.#nowUnixNs();
    const interval = {
      startUnixNs: this.#sinceUnixNs,
      endUnixNs,
      countersSinceNs: this.#source.reportedDrops.sinceNs,
    };
    for (const counters of this.#source.counters()) {
      const { cpu, dropped } = counters;
      for (const reason of reasonsOf(counters)) {
        const count = dropped[reason] - this.#source.reportedDrops.count(cpu, reason);
        if (count <= 0n) continue;
        this.#source.reportedDrops.report(cpu, reason, dropped[reason]);
        this.#count(cpu, reason, count);
        losses.push({ cpu, reason, count, total: dropped[reason], ...interval });
      }
      const count = this.#drained ? this.#findGap(counters) : 0n;
      if (count === 0n) continue;
      this.#count(cpu, SEQUENCE_GAP, count);
      // part of the record's uid: the last number tells this gap from one that an earlier process found
      losses.push({ cpu, reason: SEQUENCE_GAP, count, total: counters.sequence, ...interval });
    }
    this.#drained = false;
    this.#sinceUnixNs = endUnixNs;
    this.#notices += losses.length;
    return losses;
  }

  /** The losses returned by `collect` are on the disk. @throws Error when the kernel's map cannot be updated */
  saved(): void {
    this.#source.reportedDrops.save();
  }

  /** All losses that `collect` has returned. */
  lost(): Iterable<LostCount> {
    return this.#lost.values();
  }

  /** How many losses `collect` has returned. */
  get notices(): number {
    return this.#notices;
  }

  /**
   * Events since the start of this process by the kernel's own count, including those that are lost or in flight.
   * @throws Error when the counters cannot be read
   */
  captured(): bigint {
    return this.#source.counters().reduce((sum, counters) => {
      const { base, received, gaps, reportedBefore } = this.#cpus[counters.cpu] ?? {};
      if (received === undefined || gaps === undefined || reportedBefore === undefined) return sum;
      if (base === undefined) return sum + BigInt(received) + droppedOf(counters) - reportedBefore;
      return sum + counters.sequence - base - reportedBefore;
    }, this.#unnumbered + this.#source.pendingRepetitions());
  }

  /** Compares the last snapshot with the events received since, and replaces it. */
  #findGap(counters: CpuCounters): bigint {
    const balance = this.#cpus[counters.cpu];
    if (balance === undefined) return 0n;
    const { snapshot } = balance;
    const expected = snapshot.sequence - BigInt(balance.received - balance.ahead);
    const before = balance.missing;
    // an event is numbered before its drop is counted, so the counters of now include every drop of a snapshot's event
    const missing = expected - droppedOf(counters);
    balance.missing = missing;
    balance.snapshot = counters;
    balance.ahead = 0;
    // a drop that was numbered and not yet counted makes the base too large for a moment, never too small
    const base = expected - droppedOf(snapshot);
    const isFirst = balance.base === undefined;
    if (balance.base === undefined || base < balance.base) balance.base = base;
    if (isFirst) return 0n;
    // the smaller of two checks: one of two events with the same number can be on the wrong side of a snapshot
    const gap = (missing < before ? missing : before) - balance.base - balance.gaps;
    if (gap <= 0n) return 0n;
    balance.gaps += gap;
    return gap;
  }

  #count(cpu: number, reason: string, count: bigint): void {
    const key = `${cpu} ${reason}`;
    this.#lost.set(key, { cpu, reason, count: count + (this.#lost.get(key)?.count ?? 0n) });
  }
}

function reasonsOf({ dropped }: CpuCounters): DropReason[] {
  return Object.keys(dropped) as DropReason[];
}

function droppedOf({ dropped }: CpuCounters): bigint {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0n);
}
