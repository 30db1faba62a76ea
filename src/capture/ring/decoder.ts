import {
  type Actor,
  type Ancestor,
  CAPTURE_METHODS,
  type CapturedEvent,
  type CaptureMethod,
  EVENT_KINDS,
  type EventKind,
  HOOK_NAMES,
  type HookName,
  type ProcessIdentity,
} from '../event.ts';
import type { Canonical } from '../identity.ts';
import { type Description, KnownProcesses } from './known-processes.ts';
import {
  ANCESTOR,
  ANCESTOR_SIZE,
  ANCESTORS_MAX,
  COMM_SIZE,
  EVENT,
  EVENT_SIZE,
  PROCESS,
  STRING,
  STRING_COUNT,
  TRAIT,
} from './layout.ts';

/** Names of `enum mw_kind`, `enum mw_hook` and `enum mw_method` by their number; 0 is never sent. */
export const KINDS: readonly (EventKind | undefined)[] = [undefined, ...EVENT_KINDS];
export const HOOKS: readonly (HookName | undefined)[] = [undefined, ...HOOK_NAMES];
export const METHODS: readonly (CaptureMethod | undefined)[] = [undefined, ...CAPTURE_METHODS];

const NEVER_SET_UID = 0xffff_ffff;
const NUL = 0;
const SLASH = 0x2f;
/** A string's length is a 16-bit number. */
const STRING_MAX_BYTES = 0xffff;
const PROCESS_SIZE = EVENT.target - EVENT.actor;
const ACTOR: Description = {
  parts: [
    { at: EVENT.actor, bytes: PROCESS_SIZE },
    { at: EVENT.ancestors, bytes: ANCESTORS_MAX * ANCESTOR_SIZE },
  ],
  strings: [STRING.actorExecutable, STRING.actorArguments],
};

const TARGET: Description = {
  parts: [{ at: EVENT.target, bytes: PROCESS_SIZE }],
  strings: [STRING.targetExecutable, STRING.targetCgroup],
};

/**
 * Decodes the records of bpf/contract/event.h that lie in `memory`, a little-endian view of the ring buffer's data pages.
 * Decoded events do not refer to the memory: all strings are copied out.
 */
export class EventDecoder {
  readonly #view: DataView;
  readonly #bytes: Buffer;
  readonly #actors: KnownProcesses<Actor>;
  readonly #targets: KnownProcesses<ProcessIdentity>;
  /** Strings of the current record: start of the first one, then the end of each, bytes from the start of the memory. */
  readonly #ends = new Uint32Array(STRING_COUNT + 1);
  readonly #reversed = Buffer.allocUnsafeSlow(1 + STRING_MAX_BYTES);

  constructor(memory: ArrayBuffer) {
    this.#view = new DataView(memory);
    this.#bytes = Buffer.from(memory);
    this.#actors = new KnownProcesses(memory, ACTOR);
    this.#targets = new KnownProcesses(memory, TARGET);
  }

  /**
   * Equal descriptions of an actor, or of a target, give the same object: see {@link Canonical}.
   *
   * @param offset start of the record, bytes: a multiple of 8, as the kernel aligns records
   * @param length size of the record, bytes
   * @returns the event, or undefined for a record that this version does not know (another version's kind or size)
   */
  decode(offset: number, length: number): CapturedEvent | undefined {
    return this.#findStrings(offset, length) ? this.#decode(offset) : undefined;
  }

  /** Decodes an event that was stored without its strings. */
  decodeFixedPart(offset: number): CapturedEvent | undefined {
    this.#ends.fill(0);
    return this.#decode(offset);
  }

  /** Whether the sidecar caused the event. */
  isOwn(offset: number): boolean {
    return (this.#view.getUint32(offset + EVENT.traits, true) & TRAIT.sidecar) !== 0;
  }

  #decode(offset: number): CapturedEvent | undefined {
    const view = this.#view;
    const kind = KINDS[view.getUint16(offset + EVENT.kind, true)];
    const hook = HOOKS[view.getUint8(offset + EVENT.hook)];
    const method = METHODS[view.getUint8(offset + EVENT.method)];
    if (kind === undefined || hook === undefined || method === undefined) return undefined;
    const traits = view.getUint32(offset + EVENT.traits, true);
    const descriptor = view.getInt32(offset + EVENT.descriptor, true);

    return {
      kind,
      timeNs: view.getBigUint64(offset + EVENT.time_ns, true),
      cpu: view.getUint32(offset + EVENT.cpu, true),
      sequence: view.getBigUint64(offset + EVENT.sequence, true),
      hook,
      method,
      actor: this.#actor(offset),
      target: traits & TRAIT.hasTarget ? this.#target(offset) : undefined,
      selfAccess: (traits & TRAIT.self) !== 0,
      targetIsDescendant: (traits & TRAIT.descendant) !== 0,
      ioUring: (traits & TRAIT.ioUring) !== 0,
      compat: (traits & TRAIT.compat) !== 0,
      byText: (traits & TRAIT.byText) !== 0,
      tracemeChild: (traits & TRAIT.tracemeChild) !== 0,
      result: traits & TRAIT.resultUnknown ? undefined : view.getInt32(offset + EVENT.result, true),
      flags: view.getUint32(offset + EVENT.flags, true),
      path: this.#path(STRING.path),
      requestedPath: this.#text(STRING.requestedPath),
      device: view.getUint32(offset + EVENT.device, true),
      inode: view.getBigUint64(offset + EVENT.inode, true),
      ctimeNs: view.getBigUint64(offset + EVENT.ctime_ns, true),
      address: view.getBigUint64(offset + EVENT.address, true),
      sizeBytes: view.getBigUint64(offset + EVENT.size_bytes, true),
      protection: view.getUint32(offset + EVENT.protection, true),
      previousProtection: view.getUint32(offset + EVENT.previous_protection, true),
      namedPid: view.getUint32(offset + EVENT.named_pid, true),
      descriptor: descriptor < 0 ? undefined : descriptor,
      repeatCount: view.getBigUint64(offset + EVENT.repeat_count, true),
      repeatFirstNs: view.getBigUint64(offset + EVENT.repeat_first_ns, true),
    };
  }

  /** @returns whether the record's strings are all within it */
  #findStrings(offset: number, length: number): boolean {
    if (length < EVENT_SIZE) return false;
    let end = offset + EVENT_SIZE;
    this.#ends[0] = end;
    for (let i = 0; i < STRING_COUNT; i++) {
      end += this.#view.getUint16(offset + EVENT.string_length + 2 * i, true);
      this.#ends[i + 1] = end;
    }
    return end <= offset + length;
  }

  #actor(offset: number): Canonical<Actor> {
    const tid = this.#view.getUint32(offset + EVENT.actor + PROCESS.tid, true);
    return this.#actors.recall(tid, offset, this.#ends, () => this.#decodeActor(offset));
  }

  #decodeActor(offset: number): Actor {
    return {
      ...this.#process(
        offset + EVENT.actor,
        this.#path(STRING.actorExecutable),
        this.#path(STRING.actorCgroup),
      ),
      ancestors: this.#ancestors(offset + EVENT.ancestors),
      arguments: this.#arguments(),
    };
  }

  #target(offset: number): Canonical<ProcessIdentity> {
    const start = offset + EVENT.target;
    const tid = this.#view.getUint32(start + PROCESS.tid, true);
    return this.#targets.recall(tid, offset, this.#ends, () =>
      this.#process(start, this.#path(STRING.targetExecutable), this.#path(STRING.targetCgroup)),
    );
  }

  #process(at: number, executablePath: string | undefined, cgroupPath: string | undefined): ProcessIdentity {
    const view = this.#view;
    const loginuid = view.getUint32(at + PROCESS.loginuid, true);
    return {
      tgid: view.getUint32(at + PROCESS.tgid, true),
      tid: view.getUint32(at + PROCESS.tid, true),
      vtgid: view.getUint32(at + PROCESS.vtgid, true),
      ppid: view.getUint32(at + PROCESS.ppid, true),
      uid: view.getUint32(at + PROCESS.uid, true),
      euid: view.getUint32(at + PROCESS.euid, true),
      gid: view.getUint32(at + PROCESS.gid, true),
      loginuid: loginuid === NEVER_SET_UID ? undefined : loginuid,
      startTimeNs: view.getBigUint64(at + PROCESS.start_time_ns, true),
      cgroupId: view.getBigUint64(at + PROCESS.cgroup_id, true),
      pidNamespace: view.getUint32(at + PROCESS.pid_ns, true),
      mountNamespace: view.getUint32(at + PROCESS.mnt_ns, true),
      comm: this.#comm(at + PROCESS.comm),
      executablePath,
      cgroupPath,
    };
  }

  #ancestors(at: number): Ancestor[] {
    const ancestors: Ancestor[] = [];
    for (let i = 0; i < ANCESTORS_MAX; i++) {
      const entry = at + i * ANCESTOR_SIZE;
      const tgid = this.#view.getUint32(entry + ANCESTOR.tgid, true);
      if (tgid === 0) break;
      ancestors.push({ tgid, comm: this.#comm(entry + ANCESTOR.comm) });
    }
    return ancestors;
  }

  #comm(at: number): string {
    let end = at;
    while (end < at + COMM_SIZE && this.#bytes[end] !== NUL) end++;
    return this.#bytes.toString('utf8', at, end);
  }

  #text(index: number): string | undefined {
    const start = this.#ends[index] ?? 0;
    const end = this.#endOf(index);
    return end > start ? this.#bytes.toString('utf8', start, end) : undefined;
  }

  /** The absolute path for leaf-first, NUL-terminated components, as bpf/lib/text.bpf.h writes them. */
  #path(index: number): string | undefined {
    const start = this.#ends[index] ?? 0;
    let end = this.#endOf(index);
    if (end <= start) return undefined;
    const reversed = this.#reversed;
    let length = 0;
    for (let at = end - 1; at >= start - 1; at--) {
      if (at >= start && this.#bytes[at] !== NUL) continue;
      reversed[length++] = SLASH;
      for (let i = at + 1; i < end; i++) reversed[length++] = this.#bytes[i] as number;
      end = at;
    }
    return reversed.toString('utf8', 0, length);
  }

  /** End of a string, without its final NUL if it has one. */
  #endOf(index: number): number {
    const end = this.#ends[index + 1] ?? 0;
    return end > (this.#ends[index] ?? 0) && this.#bytes[end - 1] === NUL ? end - 1 : end;
  }

  #arguments(): string[] {
    return this.#text(STRING.actorArguments)?.split('\0') ?? [];
  }
}
