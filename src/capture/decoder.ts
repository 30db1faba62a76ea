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
} from './event.ts';
import { KnownProcesses } from './known-processes.ts';
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
const PROCESS_SIZE = EVENT.target - EVENT.actor;

/**
 * Decodes the records of bpf/event.h that lie in `memory`, a little-endian view of the ring buffer's data pages.
 * Nothing is kept of the memory: all strings are copied out.
 */
export class EventDecoder {
  readonly #view: DataView;
  readonly #bytes: Buffer;
  readonly #actors: KnownProcesses<Actor>;
  readonly #targets: KnownProcesses<ProcessIdentity>;

  constructor(memory: ArrayBuffer) {
    this.#view = new DataView(memory);
    this.#bytes = Buffer.from(memory);
    this.#actors = new KnownProcesses(memory);
    this.#targets = new KnownProcesses(memory);
  }

  /**
   * Two events have the same object for an actor, or for a target, of which the kernel said the same.
   *
   * @param offset start of the record, bytes: a multiple of 8, as the kernel aligns records
   * @param length size of the record, bytes
   * @returns the event, or undefined for a record that this version does not know (another version's kind or size)
   */
  decode(offset: number, length: number): CapturedEvent | undefined {
    if (length < EVENT_SIZE) return undefined;
    const ends = this.#stringEnds(offset, length);
    return ends && this.#decode(offset, ends);
  }

  /** Decodes an event that was stored without its strings. */
  decodeFixedPart(offset: number): CapturedEvent | undefined {
    return this.#decode(offset, []);
  }

  /** The record is of something that the sidecar did. */
  isOwn(offset: number): boolean {
    return (this.#view.getUint32(offset + EVENT.traits, true) & TRAIT.sidecar) !== 0;
  }

  /** @param ends start of the first string and end of each */
  #decode(offset: number, ends: readonly number[]): CapturedEvent | undefined {
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
      actor: this.#actor(offset, ends),
      target: traits & TRAIT.hasTarget ? this.#target(offset, ends) : undefined,
      selfAccess: (traits & TRAIT.self) !== 0,
      targetIsDescendant: (traits & TRAIT.descendant) !== 0,
      ioUring: (traits & TRAIT.ioUring) !== 0,
      compat: (traits & TRAIT.compat) !== 0,
      byText: (traits & TRAIT.byText) !== 0,
      tracemeChild: (traits & TRAIT.tracemeChild) !== 0,
      result: traits & TRAIT.resultUnknown ? undefined : view.getInt32(offset + EVENT.result, true),
      flags: view.getUint32(offset + EVENT.flags, true),
      path: this.#path(ends, STRING.path),
      requestedPath: this.#text(ends, STRING.requestedPath),
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

  /** Start of the first string and end of each, absolute; undefined when they do not fit the record. */
  #stringEnds(offset: number, length: number): number[] | undefined {
    let end = offset + EVENT_SIZE;
    const ends = [end];
    for (let i = 0; i < STRING_COUNT; i++) {
      end += this.#view.getUint16(offset + EVENT.string_length + 2 * i, true);
      ends.push(end);
    }
    return end > offset + length ? undefined : ends;
  }

  #actor(offset: number, ends: readonly number[]): Actor {
    const parts = [
      { start: offset + EVENT.actor, bytes: PROCESS_SIZE },
      { start: offset + EVENT.ancestors, bytes: ANCESTORS_MAX * ANCESTOR_SIZE },
    ];
    return this.#actors.recall(
      this.#view.getUint32(offset + EVENT.actor + PROCESS.tid, true),
      { parts, ends: ends.slice(STRING.actorExecutable, STRING.actorArguments + 2) },
      () => this.#decodeActor(offset, ends),
    );
  }

  #decodeActor(offset: number, ends: readonly number[]): Actor {
    return {
      ...this.#process(
        offset + EVENT.actor,
        this.#path(ends, STRING.actorExecutable),
        this.#path(ends, STRING.actorCgroup),
      ),
      ancestors: this.#ancestors(offset + EVENT.ancestors),
      arguments: this.#arguments(ends),
    };
  }

  #target(offset: number, ends: readonly number[]): ProcessIdentity {
    const start = offset + EVENT.target;
    return this.#targets.recall(
      this.#view.getUint32(start + PROCESS.tid, true),
      {
        parts: [{ start, bytes: PROCESS_SIZE }],
        ends: ends.slice(STRING.targetExecutable, STRING.targetCgroup + 2),
      },
      () =>
        this.#process(
          start,
          this.#path(ends, STRING.targetExecutable),
          this.#path(ends, STRING.targetCgroup),
        ),
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

  #text(ends: readonly number[], index: number): string | undefined {
    const start = ends[index] ?? 0;
    let end = ends[index + 1] ?? 0;
    if (end > start && this.#bytes[end - 1] === NUL) end--;
    return end > start ? this.#bytes.toString('utf8', start, end) : undefined;
  }

  /** Leaf-first, NUL-terminated components, as bpf/text.h leaves them, to an absolute path. */
  #path(ends: readonly number[], index: number): string | undefined {
    const text = this.#text(ends, index);
    return text === undefined ? undefined : `/${text.split('\0').reverse().join('/')}`;
  }

  #arguments(ends: readonly number[]): string[] {
    return this.#text(ends, STRING.actorArguments)?.split('\0') ?? [];
  }
}
