import { describeErrno, type Libbpf } from '../../native/libbpf.ts';
import { DROP_REASONS, REPORTED, REPORTED_SIZE } from '../ring/layout.ts';
import type { DropReason } from './counters.ts';

const ONLY_KEY = Buffer.alloc(4);

/**
 * How much of the kernel's drops has been told. It is kept in the kernel beside the counters and lives as long as they
 * do, so a sidecar that takes them over tells neither twice what its predecessor told nor nothing of the rest.
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

  /** @param total the counter as far as it is told now; kept by `save` */
  report(cpu: number, reason: DropReason, total: bigint): void {
    this.#values.writeBigUInt64LE(total, offsetOf(cpu, reason));
    this.#changed = true;
  }

  /** To be called when what was told is safe. @throws Error when the map cannot be written */
  save(): void {
    if (!this.#changed) return;
    const result = this.#libbpf.updateElement(this.#mapFd, ONLY_KEY, this.#values, 0);
    if (result < 0) throw new Error(`failed to keep what was reported of drops: ${describeErrno(-result)}`);
    this.#changed = false;
  }
}

function offsetOf(cpu: number, reason: DropReason): number {
  return cpu * REPORTED_SIZE + REPORTED.dropped + 8 * DROP_REASONS.indexOf(reason);
}
