import { KINDS, METHODS } from './decoder.ts';
import type { CapturedEvent } from './event.ts';
import {
  REPEAT,
  REPEAT_KEY,
  REPEAT_KEY_SIZE,
  REPEAT_SETTINGS,
  REPEAT_SETTINGS_SIZE,
  REPEAT_SIZE,
} from './layout.ts';
import { describeErrno, type Libbpf } from './libbpf.ts';

const NS_PER_MILLI = 1_000_000n;
/** Windows without an event after which the kernel need not follow a finding any longer. */
const IDLE_WINDOWS = 3n;
/** Events that are remembered; beyond twice what the kernel follows (MW_REPEATS of bpf/maps.h) the rest is forgotten. */
const REMEMBERED_MAX = 8_192;
/** What the key holds in place of an outcome that no hook could see. */
const RESULT_UNKNOWN = 1;

/** An event that the kernel counts the repetitions of. */
interface Followed {
  readonly key: Buffer;
  /** The newest that was sent. */
  event: CapturedEvent;
  toldCount: bigint;
  toldBytes: bigint;
}

/**
 * Asks the kernel how often events were repeated that it did not send. The kernel's numbers only grow and this side
 * tells differences, so neither has to wait for the other and no repetition is told twice. One can be lost: a finding
 * that comes back at the very moment in which it is forgotten, after windows of silence.
 */
export class Repeats {
  readonly #libbpf: Libbpf;
  readonly #mapFd: number;
  readonly #windowNs: bigint;
  readonly #followed = new Map<string, Followed>();

  /**
   * Lets the kernel hold repetitions back from now on.
   * @param windowMillis time after an event in which the same finding is only counted
   * @param exemptTgid this process, in the initial pid namespace
   */
  constructor(
    libbpf: Libbpf,
    maps: { readonly repeats: number; readonly settings: number },
    windowMillis: number,
    exemptTgid: number,
  ) {
    this.#libbpf = libbpf;
    this.#mapFd = maps.repeats;
    this.#windowNs = BigInt(windowMillis) * NS_PER_MILLI;
    const settings = Buffer.alloc(REPEAT_SETTINGS_SIZE);
    settings.writeBigUInt64LE(this.#windowNs, REPEAT_SETTINGS.window_ns);
    settings.writeUInt32LE(exemptTgid, REPEAT_SETTINGS.exempt_tgid);
    const result = libbpf.updateElement(maps.settings, Buffer.alloc(4), settings, 0);
    if (result < 0) throw new Error(`failed to set the window of repetitions: ${describeErrno(-result)}`);
  }

  /** To be called with every event that arrives. */
  remember(event: CapturedEvent): void {
    const key = repeatKey(event);
    const name = key.toString('latin1');
    const known = this.#followed.get(name);
    if (known !== undefined) {
      known.event = event;
      return;
    }
    this.#followed.set(name, { key, event, toldCount: 0n, toldBytes: 0n });
    if (this.#followed.size > REMEMBERED_MAX) this.#forgetUnfollowed();
  }

  /**
   * One event of kind `repeat` for each finding whose window is over and that was repeated in it.
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
      if (count > followed.toldCount) repetitions.push(tell(followed, value, count));
      else if (nowNs !== undefined && nowNs - windowEnd > IDLE_WINDOWS * this.#windowNs)
        this.#forget(name, followed);
    }
    return repetitions;
  }

  /** Repetitions that the kernel has counted and that are not told yet. */
  pending(): bigint {
    const value = Buffer.alloc(REPEAT_SIZE);
    let pending = 0n;
    for (const { key, toldCount } of this.#followed.values()) {
      if (this.#libbpf.lookupElement(this.#mapFd, key, value) < 0) continue;
      pending += value.readBigUInt64LE(REPEAT.count) - toldCount;
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

  #forget(name: string, { key }: Followed): void {
    this.#libbpf.deleteElement(this.#mapFd, key);
    this.#followed.delete(name);
  }
}

function tell(followed: Followed, value: Buffer, count: bigint): CapturedEvent {
  const bytes = value.readBigUInt64LE(REPEAT.bytes);
  const { event } = followed;
  const repetition: CapturedEvent = {
    ...event,
    kind: 'repeat',
    timeNs: value.readBigUInt64LE(REPEAT.last_ns),
    repeatFirstNs: event.timeNs,
    repeatCount: count - followed.toldCount,
    sizeBytes: event.kind === 'process_vm' ? bytes - followed.toldBytes : event.sizeBytes,
  };
  followed.toldCount = count;
  followed.toldBytes = bytes;
  return repetition;
}

/** struct mw_repeat_key, as counts_as_repetition() of bpf/emit.h fills it. */
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
