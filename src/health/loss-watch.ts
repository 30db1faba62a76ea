import type { CpuCounters } from '../capture/index.ts';
import type { Loss } from '../telemetry/loss.ts';

/** Turns the kernel's drop counters, which only ever rise, into losses: each is told once. */
export class LossWatch {
  readonly #read: () => readonly CpuCounters[];
  readonly #nowUnixNs: () => bigint;
  /** By CPU and reason, as far as told. */
  readonly #told = new Map<string, bigint>();
  #sinceUnixNs: bigint;

  /** The counters start at zero with the maps, so what was lost before this call is told as well. */
  constructor(
    read: () => readonly CpuCounters[],
    nowUnixNs: () => bigint = () => BigInt(Date.now()) * 1_000_000n,
  ) {
    this.#read = read;
    this.#nowUnixNs = nowUnixNs;
    this.#sinceUnixNs = nowUnixNs();
  }

  /** Losses since the last call. @throws Error when the counters cannot be read */
  collect(): Loss[] {
    const losses: Loss[] = [];
    const startUnixNs = this.#sinceUnixNs;
    const endUnixNs = this.#nowUnixNs();
    for (const { cpu, dropped } of this.#read()) {
      for (const [reason, total] of Object.entries(dropped)) {
        const key = `${cpu} ${reason}`;
        const count = total - (this.#told.get(key) ?? 0n);
        if (count <= 0n) continue;
        this.#told.set(key, total);
        losses.push({ cpu, reason, count, startUnixNs, endUnixNs });
      }
    }
    this.#sinceUnixNs = endUnixNs;
    return losses;
  }
}
