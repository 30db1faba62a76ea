import type { CapturedEvent, CpuCounters, DropReason, ReportedDrops } from '../capture/index.ts';
import type { Loss } from '../telemetry/record/loss.ts';

/** A number that no event came with and no drop counter explains. */
const SEQUENCE_GAP = 'sequence_gap';
/** Sent by the programs of a version with another record layout, and not read before this one took over. */
const OTHER_VERSION = 'other_version';

/** Where the kernel's numbers come from; in the sidecar, the capture. */
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

/** What the numbers of one CPU have come to. */
interface CpuBalance {
  /** Drops that an earlier process told. */
  readonly reportedBefore: bigint;
  /** Numbered events that have come. */
  received: number;
  /** Of these, how many have a number above the snapshot's. */
  ahead: number;
  /** The counters at the last look; what they promise must have come once the buffer has been empty. */
  snapshot: CpuCounters;
  /** Numbers that were never ours to receive: an earlier process took their events, or the proof of the hooks did. */
  base: bigint | undefined;
  /** What was missing at the last look. */
  missing: bigint;
  gaps: bigint;
}

/**
 * Finds what the kernel saw and this process never got, and hands out each loss once.
 *
 * The kernel counts what it drops. Beyond that it numbers the events of each CPU, so their count is known: whatever is
 * neither dropped nor received after the ring buffer has been read to its end is a gap. Numbers are counted and not
 * compared one by one, because two events can share one and leave its neighbour unused (next_sequence() in bpf/lib/emit.bpf.h).
 */
export class LossWatch {
  readonly #source: LossSource;
  readonly #nowUnixNs: () => bigint;
  readonly #cpus: CpuBalance[];
  readonly #lost = new Map<string, LostCount>();
  readonly #waiting: Loss[] = [];
  #sinceUnixNs: bigint;
  #drained = false;
  /** Events that were fetched from the kernel's tables, which gives them no number. */
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

  /** To be called with every event that has come. */
  received({ cpu, sequence, kind, repeatCount }: ReceivedEvent): void {
    const balance = kind === 'repeat' || sequence === 0n ? undefined : this.#cpus[cpu];
    if (balance === undefined) {
      this.#unnumbered += kind === 'repeat' ? repeatCount : 1n;
      return;
    }
    balance.received += 1;
    if (sequence > balance.snapshot.sequence) balance.ahead += 1;
  }

  /** Events of another version's programs that cannot be read any more, by CPU. */
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
      // the last number distinguishes this gap from one that an earlier process found
      losses.push({ cpu, reason: SEQUENCE_GAP, count, total: counters.sequence, ...interval });
    }
    this.#drained = false;
    this.#sinceUnixNs = endUnixNs;
    this.#notices += losses.length;
    return losses;
  }

  /** What `collect` has handed out is safe. @throws Error when the kernel cannot keep that in mind */
  saved(): void {
    this.#source.reportedDrops.save();
  }

  /** All that was lost, as far as `collect` has told. */
  lost(): Iterable<LostCount> {
    return this.#lost.values();
  }

  /** Losses that `collect` has handed out. */
  get notices(): number {
    return this.#notices;
  }

  /**
   * Events that the kernel has seen for this process, by its own count: those that are lost or still on their way
   * included.
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

  /** Compares what the last snapshot promised with what has come since, and takes the next one. */
  #findGap(counters: CpuCounters): bigint {
    const balance = this.#cpus[counters.cpu];
    if (balance === undefined) return 0n;
    const { snapshot } = balance;
    const promised = snapshot.sequence - BigInt(balance.received - balance.ahead);
    const before = balance.missing;
    // an event is numbered before its drop is counted: the drops of now are more than those of the snapshot's events
    const missing = promised - droppedOf(counters);
    balance.missing = missing;
    balance.snapshot = counters;
    balance.ahead = 0;
    // a drop that was numbered and not yet counted makes it look larger for a moment, never smaller
    const base = promised - droppedOf(snapshot);
    const isFirst = balance.base === undefined;
    if (balance.base === undefined || base < balance.base) balance.base = base;
    if (isFirst) return 0n;
    // twice, because one of two events with the same number can be on the wrong side of a snapshot
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
