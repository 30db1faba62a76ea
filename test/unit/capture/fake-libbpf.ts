import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import type { CapturedEvent, HookName } from '../../../src/capture/event.ts';
import { LADDERS } from '../../../src/capture/hooks/ladders/index.ts';
import { HOOKS } from '../../../src/capture/ring/decoder.ts';
import { KNOBS } from '../../../src/capture/ring/layout.ts';
import type { Libbpf, Pointer } from '../../../src/native/libbpf.ts';
import { buildCapturedEvent } from '../event-builder.ts';

const { ENOENT, EEXIST } = constants.errno;
const KNOBS_MAP = '.rodata.knobs';
/** Maps of bpf/lib/maps.bpf.h that are opened by name. */
const MAPS = ['ring', 'control', 'cpu_state', 'reported', 'scratch', 'repeats'];
/** bpf_map_info.max_entries */
const MAX_ENTRIES_AT = 16;
const TRACING_TYPE = 26;
export const LSM_TYPE = 29;

/** A map of the kernel, shared by all its descriptors. */
interface FakeMap {
  readonly name: string;
  readonly elements: Map<string, Buffer>;
  entries: number;
}

/** A map of an object, before and after it is loaded. */
interface MapHandle {
  map: FakeMap;
}

interface FakeObject {
  readonly programs: readonly Pointer[];
  readonly maps: readonly Pointer[];
  knobs: Buffer;
  log: Buffer;
}

interface FakeProgram {
  readonly name: string;
  readonly object: Pointer;
  wanted: boolean;
}

interface FakeLink {
  readonly program: string;
  readonly knobs: Buffer;
  pin: string | undefined;
  disconnected: boolean;
}

/** How the kernel refuses one program. */
export interface Refusal {
  readonly step: 'load' | 'attach' | 'pin';
  readonly errno: number;
  /** The verifier's log. */
  readonly log?: string;
}

/** An attached program, and the constants it was loaded with. */
export interface Running {
  readonly program: string;
  readonly hook: HookName;
  readonly generation: number;
  readonly resultFollows: boolean;
}

/** All programs of all ladders. */
function allPrograms(): string[] {
  return LADDERS.flatMap(({ steps }) =>
    steps.flatMap(({ programs, results = [], optional = [], oneOf = [] }) => [
      ...programs,
      ...results,
      ...optional,
      ...oneOf,
    ]),
  );
}

/**
 * A fake of libbpf and the kernel: maps store their elements, and programs run from `attach` until their link, or the pin
 * of it, is gone. A test chooses what it refuses, and `proofs` returns the events of the running programs.
 */
export class FakeLibbpf implements Libbpf {
  /** By name of a program, or of a map that cannot be pinned. */
  readonly refusals = new Map<string, Refusal>();
  /** Programs that attach and never record an event. */
  readonly silent = new Set<string>();
  /** Kinds of program that the host forbids: enum bpf_prog_type. */
  readonly forbiddenTypes = new Set<number>();
  programs: readonly string[] = [...new Set(allPrograms())];
  maps: readonly string[] = MAPS;
  cpus = 1;
  /** Programs in the order of attaching, including those that were detached since. */
  readonly attached: string[] = [];
  openObjects = 0;
  readonly #objects = new Map<Pointer, FakeObject>();
  readonly #programs = new Map<Pointer, FakeProgram>();
  readonly #handles = new Map<Pointer, MapHandle>();
  readonly #links = new Map<Pointer, FakeLink>();
  /** Links that were disconnected before they were destroyed, which keeps them attached. */
  readonly #left: FakeLink[] = [];
  readonly #descriptors = new Map<number, FakeMap>();
  readonly #pinned = new Map<string, FakeMap>();
  #next = 1n;
  #errno = 0;

  /** Programs that are attached, by a link or by its pin. */
  get running(): Running[] {
    const left = this.#left.filter(({ pin }) => pin === undefined || existsSync(pin));
    return [...this.#links.values(), ...left].map(({ program, knobs }) => ({
      program,
      hook: HOOKS[knobs.readUInt8(KNOBS.hook)] ?? 'lsm',
      generation: knobs.readUInt32LE(KNOBS.generation),
      resultFollows: knobs.readUInt8(KNOBS.result_follows) === 1,
    }));
  }

  /** The events that the running programs record of all canaries of this process. */
  proofs(): CapturedEvent[] {
    const seeing = this.running.filter(({ program }) => !this.silent.has(program));
    return [...new Set(seeing.map(({ hook }) => hook))].flatMap(hook => [
      buildCapturedEvent({ hook, selfAccess: true }),
      buildCapturedEvent({ hook, kind: 'process_vm', method: 'process_vm_readv', selfAccess: true }),
      buildCapturedEvent({ hook, kind: 'fd_transfer', method: 'pidfd_getfd', selfAccess: true }),
      buildCapturedEvent({ hook, kind: 'mem_io', method: 'fd_read', selfAccess: true }),
      buildCapturedEvent({ hook, kind: 'mem_protect', method: 'mprotect', selfAccess: true }),
    ]);
  }

  /** Creates a map. @returns a descriptor */
  createMap(name: string, elements: Iterable<readonly [key: Buffer, value: Buffer]> = []): number {
    const map: FakeMap = { name, elements: new Map(), entries: 0 };
    for (const [key, value] of elements) map.elements.set(key.toString('hex'), value);
    return this.#descriptorOf(map);
  }

  openObject(path: string, { log }: { btfPath: string | undefined; log: Buffer }): Pointer | null {
    if (path === '') {
      this.#errno = ENOENT;
      return null;
    }
    this.openObjects += 1;
    const pointer = this.#pointer();
    const programs = this.programs.map(name => {
      const program = this.#pointer();
      this.#programs.set(program, { name, object: pointer, wanted: true });
      return program;
    });
    const maps = [...this.maps, KNOBS_MAP].map(name => {
      const map = this.#pointer();
      this.#handles.set(map, { map: { name, elements: new Map(), entries: 0 } });
      return map;
    });
    this.#objects.set(pointer, { programs, maps, knobs: Buffer.alloc(0), log });
    return pointer;
  }

  loadObject(object: Pointer): number {
    const { programs, log } = this.#object(object);
    for (const pointer of programs) {
      const { name, wanted } = this.#program(pointer);
      const refusal = wanted ? this.refusals.get(name) : undefined;
      if (refusal?.step !== 'load') continue;
      log.write(`${refusal.log ?? ''}\0`);
      return -refusal.errno;
    }
    return 0;
  }

  closeObject(object: Pointer): void {
    if (this.#objects.delete(object)) this.openObjects -= 1;
  }

  nextProgram(object: Pointer, previous: Pointer | null): Pointer | null {
    return after(this.#object(object).programs, previous);
  }

  programName(program: Pointer): string {
    return this.#program(program).name;
  }

  programFd(program: Pointer): number {
    return 1_000 + Number(program);
  }

  /** enum bpf_prog_type; never that of a kprobe (2), which the machine of the test may lack. */
  programType(program: Pointer): number {
    return this.#program(program).name.startsWith('lsm_') ? LSM_TYPE : TRACING_TYPE;
  }

  expectedAttachType(): number {
    return 0;
  }

  loadSmallest(type: number): number {
    return this.forbiddenTypes.has(type) ? -constants.errno.EPERM : -constants.errno.EINVAL;
  }

  setAutoload(program: Pointer, on: boolean): number {
    this.#program(program).wanted = on;
    return 0;
  }

  attach(program: Pointer): Pointer | null {
    const { name, object } = this.#program(program);
    const refusal = this.refusals.get(name);
    if (refusal?.step === 'attach') {
      this.#errno = refusal.errno;
      return null;
    }
    const link = this.#pointer();
    this.#links.set(link, {
      program: name,
      knobs: this.#object(object).knobs,
      pin: undefined,
      disconnected: false,
    });
    this.attached.push(name);
    return link;
  }

  destroyLink(link: Pointer): number {
    const known = this.#links.get(link);
    if (known?.disconnected) this.#left.push(known);
    this.#links.delete(link);
    return 0;
  }

  disconnectLink(link: Pointer): void {
    const known = this.#links.get(link);
    if (known !== undefined) known.disconnected = true;
  }

  pinLink(link: Pointer, path: string): number {
    const known = this.#links.get(link);
    if (known === undefined) return -ENOENT;
    const result = this.#pin(known.program, path);
    if (result === 0) known.pin = path;
    return result;
  }

  pinProgram(program: Pointer, path: string): number {
    return this.#pin(this.#program(program).name, path);
  }

  /** A directory of pins was renamed: its links get the new path. */
  moved(from: string, to: string): void {
    for (const link of [...this.#links.values(), ...this.#left]) {
      if (link.pin?.startsWith(from)) link.pin = to + link.pin.slice(from.length);
    }
    for (const [path, map] of this.#pinned) {
      if (path.startsWith(from)) this.#pinned.set(to + path.slice(from.length), map);
    }
  }

  nextMap(object: Pointer, previous: Pointer | null): Pointer | null {
    return after(this.#object(object).maps, previous);
  }

  mapName(map: Pointer): string {
    return this.#handle(map).map.name;
  }

  mapFd(map: Pointer): number {
    const { map: wanted } = this.#handle(map);
    for (const [fd, known] of this.#descriptors) if (known === wanted) return fd;
    return this.#descriptorOf(wanted);
  }

  mapShape(map: Pointer): readonly number[] {
    return [1, 4, 8, this.#handle(map).map.entries];
  }

  reuseFd(map: Pointer, fd: number): number {
    const known = this.#descriptors.get(fd);
    if (known === undefined) return -constants.errno.EBADF;
    this.#handle(map).map = known;
    return 0;
  }

  pinMap(map: Pointer, path: string): number {
    const { map: pinned } = this.#handle(map);
    const result = this.#pin(pinned.name, path);
    if (result === 0) this.#pinned.set(path, pinned);
    return result;
  }

  openPinned(path: string): number {
    if (!existsSync(path)) return -ENOENT;
    const map = this.#pinned.get(path);
    return map === undefined ? openSync(path, 'r') : this.#descriptorOf(map);
  }

  setMaxEntries(map: Pointer, entries: number): number {
    this.#handle(map).map.entries = entries;
    return 0;
  }

  setInitialValue(_: Pointer, value: Buffer): number {
    for (const object of this.#objects.values()) object.knobs = value;
    return 0;
  }

  updateElement(fd: number, key: Buffer, value: Buffer): number {
    const map = this.#descriptors.get(fd);
    if (map === undefined) return -constants.errno.EBADF;
    map.elements.set(key.toString('hex'), Buffer.from(value));
    return 0;
  }

  deleteElement(fd: number, key: Buffer): number {
    return this.#descriptors.get(fd)?.elements.delete(key.toString('hex')) ? 0 : -ENOENT;
  }

  nextKey(fd: number, previous: Buffer | null, key: Buffer): number {
    const keys = [...(this.#descriptors.get(fd)?.elements.keys() ?? [])];
    const next = keys[previous === null ? 0 : keys.indexOf(previous.toString('hex')) + 1];
    if (next === undefined) return -ENOENT;
    key.write(next, 'hex');
    return 0;
  }

  /** The only element of an array map exists from the start. */
  lookupElement(fd: number, key: Buffer, value: Buffer): number {
    const map = this.#descriptors.get(fd);
    if (map === undefined) return -constants.errno.EBADF;
    const known = map.elements.get(key.toString('hex'));
    if (known !== undefined) known.copy(value);
    else if (['control', 'cpu_state', 'reported'].includes(map.name)) value.fill(0);
    else return -ENOENT;
    return 0;
  }

  objectInfo(fd: number, info: Buffer): number {
    const map = this.#descriptors.get(fd);
    if (map === undefined) return -constants.errno.EBADF;
    info.writeUInt32LE(map.entries, MAX_ENTRIES_AT);
    return 0;
  }

  possibleCpus(): number {
    return this.cpus;
  }

  errno(): number {
    return this.#errno;
  }

  #pin(name: string, path: string): number {
    const refusal = this.refusals.get(name);
    if (refusal?.step === 'pin') return -refusal.errno;
    if (existsSync(path)) return -EEXIST;
    writeFileSync(path, basename(path));
    return readFileSync(path).length > 0 ? 0 : -ENOENT;
  }

  #descriptorOf(map: FakeMap): number {
    // a real descriptor, since it will be closed
    const fd = openSync('/dev/null', 'r');
    this.#descriptors.set(fd, map);
    return fd;
  }

  #pointer(): Pointer {
    this.#next += 1n;
    return this.#next;
  }

  #object(pointer: Pointer): FakeObject {
    return known(this.#objects, pointer);
  }

  #program(pointer: Pointer): FakeProgram {
    return known(this.#programs, pointer);
  }

  #handle(pointer: Pointer): MapHandle {
    return known(this.#handles, pointer);
  }
}

/** Fails where libbpf would crash: an unknown pointer. */
function known<T>(things: ReadonlyMap<Pointer, T>, pointer: Pointer): T {
  const thing = things.get(pointer);
  if (thing === undefined) throw new Error(`nothing is at ${pointer} any more`);
  return thing;
}

function after(pointers: readonly Pointer[], previous: Pointer | null): Pointer | null {
  return pointers[previous === null ? 0 : pointers.indexOf(previous) + 1] ?? null;
}
