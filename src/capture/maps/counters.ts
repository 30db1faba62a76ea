import { describeErrno, type Libbpf } from '../../native/libbpf.ts';
import { CPU_STATE, CPU_STATE_SIZE, DROP_REASONS } from '../ring/layout.ts';

/** Why the kernel could not hand an event over; see `enum mw_drop`. */
export type DropReason = (typeof DROP_REASONS)[number];

/** What one CPU has counted since its maps were made. */
export interface CpuCounters {
  readonly cpu: number;
  /** Events numbered, those that were then lost included. */
  readonly sequence: bigint;
  readonly dropped: Readonly<Record<DropReason, bigint>>;
}

/** Reads the per-CPU counters. @throws Error when the map cannot be read */
export function readCounters(libbpf: Libbpf, fd: number): CpuCounters[] {
  const cpus = libbpf.possibleCpus();
  const values = Buffer.alloc(cpus * CPU_STATE_SIZE);
  const result = libbpf.lookupElement(fd, Buffer.alloc(4), values);
  if (result < 0) throw new Error(`failed to read the kernel's counters: ${describeErrno(-result)}`);
  return Array.from({ length: cpus }, (_, cpu) => {
    const at = cpu * CPU_STATE_SIZE;
    const dropped = (index: number) => values.readBigUInt64LE(at + CPU_STATE.dropped + 8 * index);
    return {
      cpu,
      sequence: values.readBigUInt64LE(at + CPU_STATE.sequence),
      dropped: Object.fromEntries(DROP_REASONS.map((reason, i) => [reason, dropped(i)])) as Record<
        DropReason,
        bigint
      >,
    };
  });
}
