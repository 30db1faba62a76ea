import type { Checkpoint, CheckpointChanges } from '../../checkpoint.ts';
import type { Libbpf } from '../../native/libbpf.ts';
import type { CapturedEvent } from '../event.ts';
import { EventDecoder, KINDS, METHODS } from '../ring/decoder.ts';
import { REPEAT, REPEAT_KEY, REPEAT_KEY_SIZE, REPEAT_SIZE } from '../ring/layout.ts';
import { mapKeys } from './map-keys.ts';

const NS_PER_MILLI = 1_000_000n;
/** Windows without an event after which an entry is removed from the kernel's table. */
const IDLE_WINDOWS = 3n;
/**
 * Most events that are remembered: twice as many as the kernel's table holds (MW_REPEATS of bpf/lib/maps.bpf.h). Beyond it
 * those that the kernel does not count are forgotten.
 */
const REMEMBERED_MAX = 8_192;
/** Stands in the key for a result that no hook saw. */
const RESULT_UNKNOWN = 1;
const ENTRY = 'repeat/';
const ENTRY_BYTES = 16;

/** An event whose repeats the kernel counts. */
interface Followed {
  readonly key: Buffer;
  /** The newest one that the kernel sent. */
  event: CapturedEvent;
  reportedCount: bigint;
  reportedBytes: bigint;
}

/**
 * Reads from the kernel how often events were repeated that it counted instead of sending. The kernel's counts only grow,
 * and this side reports differences, so neither side waits for the other and no repeat is reported twice. A repeat can be
 * lost in one race: it is counted just before its entry is removed, after IDLE_WINDOWS of silence.
 */
export class Repeats {
  readonly #libbpf: Libbpf;
  readonly #mapFd: number;
  readonly #windowNs: bigint;
  readonly #followed = new Map<string, Followed>();
  #changes = new Map<string, Uint8Array | null>();

  /**
   * @param mapFd the map `repeats` of bpf/lib/maps.bpf.h
   * @param windowMillis time after an event in which its repeats are only counted; 0: the kernel counts none
   */
  constructor(libbpf: Libbpf, mapFd: number, windowMillis: number) {
    this.#libbpf = libbpf;
    this.#mapFd = mapFd;
    this.#windowNs = BigInt(windowMillis) * NS_PER_MILLI;
  }

  /**
   * Continues where the previous sidecar ended: follows every entry of the kernel's table.
   * @param checkpoint counts that the previous sidecar had reported
   */
  resume(checkpoint: Checkpoint): void {
    for (const name of checkpoint.keys()) if (name.startsWith(ENTRY)) this.#changes.set(name, null);
    const memory = new ArrayBuffer(REPEAT_SIZE);
    const value = Buffer.from(memory);
    const decoder = new EventDecoder(memory);
    for (const key of mapKeys(this.#libbpf, this.#mapFd, REPEAT_KEY_SIZE)) {
      if (this.#libbpf.lookupElement(this.#mapFd, key, value) < 0) continue;
      const event = decoder.decodeFixedPart(REPEAT.event);
      if (event === undefined) continue;
      const name = ENTRY + key.toString('hex');
      const entry = checkpoint.get(name);
      const reported = Buffer.from(entry ?? new Uint8Array(ENTRY_BYTES));
      const reportedCount = reported.readBigUInt64LE(0);
      // a higher reported count is that of an earlier entry with this key, which was removed and counted anew
      const isOurs = reportedCount <= value.readBigUInt64LE(REPEAT.count);
      if (isOurs) this.#changes.delete(name);
      this.#followed.set(key.toString('latin1'), {
        key,
        event,
        reportedCount: isOurs ? reportedCount : 0n,
        reportedBytes: isOurs ? reported.readBigUInt64LE(8) : 0n,
      });
    }
  }

  /** Counts that were reported since the last call. */
  changes(): CheckpointChanges {
    const changes = this.#changes;
    this.#changes = new Map();
    return changes;
  }

  /** To be called with every event that arrives. */
  remember(event: CapturedEvent): void {
    if (this.#windowNs === 0n) return;
    const key = repeatKey(event);
    const name = key.toString('latin1');
    const known = this.#followed.get(name);
    if (known !== undefined) {
      known.event = event;
      return;
    }
    this.#followed.set(name, { key, event, reportedCount: 0n, reportedBytes: 0n });
    if (this.#followed.size > REMEMBERED_MAX) this.#forgetUnfollowed();
  }

  /**
   * One event of kind `repeat` for each event that was repeated and whose window is over.
   * @param nowNs CLOCK_BOOTTIME; undefined: report all repeats, whatever their window
   */
  collect(nowNs: bigint | undefined): CapturedEvent[] {
    const repeats: CapturedEvent[] = [];
    const value = Buffer.alloc(REPEAT_SIZE);
    for (const [name, followed] of this.#followed) {
      if (this.#libbpf.lookupElement(this.#mapFd, followed.key, value) < 0) {
        // the kernel does not count repeats of this kind, or its table was full
        this.#followed.delete(name);
        continue;
      }
      const windowEnd = value.readBigUInt64LE(REPEAT.window_start_ns) + this.#windowNs;
      const count = value.readBigUInt64LE(REPEAT.count);
      if (nowNs !== undefined && nowNs < windowEnd) continue;
      if (count > followed.reportedCount) repeats.push(this.#report(followed, value, count));
      else if (nowNs !== undefined && nowNs - windowEnd > IDLE_WINDOWS * this.#windowNs)
        this.#forget(name, followed);
    }
    return repeats;
  }

  #report(followed: Followed, value: Buffer, count: bigint): CapturedEvent {
    const bytes = value.readBigUInt64LE(REPEAT.bytes);
    const { event, key } = followed;
    const repeat: CapturedEvent = {
      ...event,
      kind: 'repeat',
      timeNs: value.readBigUInt64LE(REPEAT.last_ns),
      repeatFirstNs: event.timeNs,
      repeatCount: count - followed.reportedCount,
      sizeBytes: event.kind === 'process_vm' ? bytes - followed.reportedBytes : event.sizeBytes,
    };
    followed.reportedCount = count;
    followed.reportedBytes = bytes;
    const entry = Buffer.alloc(ENTRY_BYTES);
    entry.writeBigUInt64LE(count, 0);
    entry.writeBigUInt64LE(bytes, 8);
    this.#changes.set(ENTRY + key.toString('hex'), entry);
    return repeat;
  }

  /** Repeats that the kernel has counted and that are not reported yet. */
  pending(): bigint {
    const value = Buffer.alloc(REPEAT_SIZE);
    let pending = 0n;
    for (const { key, reportedCount } of this.#followed.values()) {
      if (this.#libbpf.lookupElement(this.#mapFd, key, value) < 0) continue;
      pending += value.readBigUInt64LE(REPEAT.count) - reportedCount;
    }
    return pending;
  }

  /** Forgets events that the kernel does not count; a storm of different ones brings many between two calls of `collect`. */
  #forgetUnfollowed(): void {
    const value = Buffer.alloc(REPEAT_SIZE);
    for (const [name, { key }] of this.#followed) {
      if (this.#libbpf.lookupElement(this.#mapFd, key, value) < 0) this.#followed.delete(name);
    }
  }

  #forget(name: string, { key, reportedCount }: Followed): void {
    this.#libbpf.deleteElement(this.#mapFd, key);
    this.#followed.delete(name);
    if (reportedCount > 0n) this.#changes.set(ENTRY + key.toString('hex'), null);
  }
}

/** struct mw_repeat_key, as counts_as_repeat() of bpf/lib/emit.bpf.h fills it. */
function repeatKey(event: CapturedEvent): Buffer {
  const key = Buffer.alloc(REPEAT_KEY_SIZE);
  const { actor, target, result } = event;
  key.writeBigUInt64LE(actor.startTimeNs, REPEAT_KEY.actor_start_ns);
  key.writeBigUInt64LE(target?.startTimeNs ?? event.inode, REPEAT_KEY.about);
  key.writeUInt32LE(actor.tgid, REPEAT_KEY.actor_tgid);
  key.writeUInt32LE(target?.tgid ?? 0, REPEAT_KEY.target_tgid);
  key.writeInt32LE(result === undefined ? RESULT_UNKNOWN : Math.min(result, 0), REPEAT_KEY.result);
  key.writeUInt32LE(event.flags, REPEAT_KEY.flags);
  key.writeUInt32LE(event.protection | (event.previousProtection << 16), REPEAT_KEY.protection);
  key.writeUInt16LE(KINDS.indexOf(event.kind), REPEAT_KEY.kind);
  key.writeUInt16LE(METHODS.indexOf(event.method), REPEAT_KEY.method);
  return key;
}
