import { describeErrno, type Libbpf } from '../../native/libbpf.ts';
import { DROP_REASONS, REPORTED, REPORTED_SIZE } from '../ring/layout.ts';
import type { DropReason } from './counters.ts';

const ONLY_KEY = Buffer.alloc(4);

/**
 * How many of the drops that the kernel counted have been reported. Kept in the kernel beside the counters, with the same
 * lifetime, so a sidecar that takes them over reports exactly the drops that its predecessor did not.
 */
export class ReportedDrops {
  /** When the counters began, ns on CLOCK_BOOTTIME. */
  readonly sinceNs: bigint;
  readonly #libbpf: Libbpf;
  readonly #mapFd: number;
  readonly #values: Buffer;
  #changed = false;

  /**
   * @param mapFd the map `reported_drops` of bpf/lib/maps.bpf.h
   * @param createdNs when the maps were made, ns on CLOCK_BOOTTIME
   * @throws Error when it cannot be read
   */
  constructor(libbpf: Libbpf, mapFd: number, createdNs: bigint) {
    this.sinceNs = createdNs;
    this.#libbpf = libbpf;
    this.#mapFd = mapFd;
    this.#values = Buffer.alloc(libbpf.possibleCpus() * REPORTED_SIZE);
    const result = libbpf.lookupElement(mapFd, ONLY_KEY, this.#values);
    if (result < 0) throw new Error(`failed to read what was reported of drops: ${describeErrno(-result)}`);
  }

  count(cpu: number, reason: DropReason): bigint {
    return this.#values.readBigUInt64LE(offsetOf(cpu, reason));
  }

  /** @param total value of the counter up to which drops are reported now; `save` writes it */
  report(cpu: number, reason: DropReason, total: bigint): void {
    this.#values.writeBigUInt64LE(total, offsetOf(cpu, reason));
    this.#changed = true;
  }

  /** To be called once the reports are saved to disk. @throws Error when the map cannot be written */
  save(): void {
    if (!this.#changed) return;
    const result = this.#libbpf.updateElement(this.#mapFd, ONLY_KEY, this.#values, 0);
    if (result < 0) throw new Error(`failed to save what was reported of drops: ${describeErrno(-result)}`);
    this.#changed = false;
  }
}

function offsetOf(cpu: number, reason: DropReason): number {
  return cpu * REPORTED_SIZE + REPORTED.dropped + 8 * DROP_REASONS.indexOf(reason);
}
