import type { Checkpoint, CheckpointChanges } from '../../checkpoint.ts';
import type { Libbpf } from '../../native/libbpf.ts';
import type { CapturedEvent } from '../event.ts';
import { EventDecoder, KINDS, METHODS } from '../ring/decoder.ts';
import { REPEAT, REPEAT_KEY, REPEAT_KEY_SIZE, REPEAT_SIZE } from '../ring/layout.ts';
import { mapKeys } from './map-keys.ts';

const NS_PER_MILLI = 1_000_000n;
/** Windows without an event after which the kernel need not follow a detection any longer. */
const IDLE_WINDOWS = 3n;
/** Events that are remembered; beyond twice what the kernel follows (MW_REPEATS of bpf/lib/maps.bpf.h) the rest is forgotten. */
const REMEMBERED_MAX = 8_192;
/** What the key holds in place of an outcome that no hook could see. */
const RESULT_UNKNOWN = 1;
const ENTRY = 'repeat/';
const ENTRY_BYTES = 16;

/** An event that the kernel counts the repetitions of. */
interface Followed {
  readonly key: Buffer;
  /** The newest that was sent. */
  event: CapturedEvent;
  reportedCount: bigint;
  reportedBytes: bigint;
}

/**
 * Asks the kernel how often events were repeated that it did not send. The kernel's numbers only grow and this side
 * tells differences, so neither has to wait for the other and no repetition is told twice. One can be lost: a detection
 * that comes back at the very moment in which it is forgotten, after windows of silence.
 */
export class Repeats {
  readonly #libbpf: Libbpf;
  readonly #mapFd: number;
  readonly #windowNs: bigint;
  readonly #followed = new Map<string, Followed>();
  #changes = new Map<string, Uint8Array | null>();

  /**
   * @param mapFd the map `repeats` of bpf/lib/maps.bpf.h
   * @param windowMillis time after an event in which the same detection is only counted; 0: the kernel counts none
   */
  constructor(libbpf: Libbpf, mapFd: number, windowMillis: number) {
    this.#libbpf = libbpf;
    this.#mapFd = mapFd;
    this.#windowNs = BigInt(windowMillis) * NS_PER_MILLI;
  }

  /**
   * Goes on where the sidecar before this one ended: follows what the kernel follows.
   * @param checkpoint what that one had told
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
      // a entry that says more is of a detection that was forgotten since
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

  /** What has been told since the last call. */
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
   * One event of kind `repeat` for each detection whose window is over and that was repeated in it.
   * @param nowNs CLOCK_BOOTTIME; all that was counted is told when it is undefined
   */
  collect(nowNs: bigint | undefined): CapturedEvent[] {
    const repetitions: CapturedEvent[] = [];
    const value = Buffer.alloc(REPEAT_SIZE);
    for (const [name, followed] of this.#followed) {
      if (this.#libbpf.lookupElement(this.#mapFd, followed.key, value) < 0) {
        // the kernel follows no event of this kind, or its table was full
        this.#followed.delete(name);
        continue;
      }
      const windowEnd = value.readBigUInt64LE(REPEAT.window_start_ns) + this.#windowNs;
      const count = value.readBigUInt64LE(REPEAT.count);
      if (nowNs !== undefined && nowNs < windowEnd) continue;
      if (count > followed.reportedCount) repetitions.push(this.#report(followed, value, count));
      else if (nowNs !== undefined && nowNs - windowEnd > IDLE_WINDOWS * this.#windowNs)
        this.#forget(name, followed);
    }
    return repetitions;
  }

  #report(followed: Followed, value: Buffer, count: bigint): CapturedEvent {
    const bytes = value.readBigUInt64LE(REPEAT.bytes);
    const { event, key } = followed;
    const repetition: CapturedEvent = {
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
    return repetition;
  }

  /** Repetitions that the kernel has counted and that are not told yet. */
  pending(): bigint {
    const value = Buffer.alloc(REPEAT_SIZE);
    let pending = 0n;
    for (const { key, reportedCount } of this.#followed.values()) {
      if (this.#libbpf.lookupElement(this.#mapFd, key, value) < 0) continue;
      pending += value.readBigUInt64LE(REPEAT.count) - reportedCount;
    }
    return pending;
  }

  /** The kernel does not follow every event, and in a storm of different ones there are many before the next look. */
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

/** struct mw_repeat_key, as counts_as_repetition() of bpf/lib/emit.bpf.h fills it. */
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
