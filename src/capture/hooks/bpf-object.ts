import { createHash } from 'node:crypto';
import { constants } from 'node:os';
import { join } from 'node:path';
import { MemwardenError } from '../../errors.ts';
import { describeErrno, type Libbpf, LOG_BYTES, type Pointer } from '../../native/libbpf.ts';
import { closeDescriptor } from '../../native/libc.ts';
import type { HookName } from '../event.ts';
import type { PinDirectory } from '../pinning/pin-directory.ts';
import { PinningUnavailable } from '../pinning/pinning-unavailable.ts';
import { HOOKS } from '../ring/decoder.ts';
import * as layout from '../ring/layout.ts';
import { HookProbe } from './hook-probe.ts';

const { KNOBS, KNOBS_SIZE } = layout;
const { ENOENT } = constants.errno;

const KNOBS_MAP = '.rodata.knobs';

/** Constants of one loaded copy of the programs; see bpf/contract/knobs.h. */
export interface Knobs {
  readonly generation: number;
  readonly hook: HookName;
  readonly resultFollows: boolean;
  readonly rawOpen: boolean;
  readonly rawUnfiltered: boolean;
  readonly rawByName: boolean;
  readonly rawBySuffix: boolean;
  readonly rawByDirectory: boolean;
}

export interface BpfObjectOptions {
  readonly path: string;
  /** BTF of the running kernel when it is not at its usual place. */
  readonly btfPath: string | undefined;
  /** Size of the ring buffer: a power of two and a multiple of the page size. */
  readonly ringBytes: number;
  /** Directory in which maps of the same layout may be pinned already. */
  readonly pins: PinDirectory | undefined;
}

/** The kernel refused to load or to attach a program; the message has its reason. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.errno = errno;
  }
}

/**
 * The maps that all programs share. The programs of each ladder step are loaded as an object of their own that reuses
 * these maps, since one program that the kernel refuses makes its whole object fail.
 */
export class BpfObject {
  readonly #libbpf: Libbpf;
  readonly #options: BpfObjectOptions;
  readonly #base: Pointer;
  /** The shared maps, by name. Maps of an object's own variables (`.rodata`) have a dot in their name and are not shared. */
  readonly #maps = new Map<string, Pointer>();
  /** Hash of everything in which two versions must agree to share maps. */
  readonly layout: string;
  /** The maps are those of the previous sidecar. */
  readonly isInherited: boolean;
  readonly #probe: HookProbe;
  /** One buffer for all steps: each new one would add its size to the resident memory. */
  readonly #log = Buffer.alloc(LOG_BYTES);

  /**
   * Creates the maps, or opens the pinned ones.
   * @throws MemwardenError CAPTURE_OBJECT_INVALID, RefusedError
   */
  constructor(libbpf: Libbpf, options: BpfObjectOptions) {
    this.#libbpf = libbpf;
    this.#options = options;
    this.#probe = new HookProbe(libbpf);
    this.#base = this.#open(Buffer.alloc(1));
    for (const program of this.#programs(this.#base)) libbpf.setAutoload(program, false);
    for (const map of this.#mapsOf(this.#base)) {
      const name = libbpf.mapName(map);
      if (!name.includes('.')) this.#maps.set(name, map);
    }
    const ring = this.#maps.get('ring');
    if (ring === undefined) throw this.#invalid('it has no map named ring');
    libbpf.setMaxEntries(ring, options.ringBytes);
    this.layout = this.#describeLayout();
    this.isInherited = options.pins?.layouts.includes(this.layout) ?? false;
    if (this.isInherited) this.#inheritMaps();
    const result = libbpf.loadObject(this.#base);
    if (result < 0) throw new RefusedError(-result, `creating the maps: ${describeErrno(-result)}`);
  }

  /** @throws PinningUnavailable */
  pinMaps(pins: PinDirectory): void {
    pins.addMaps(this.layout, [...this.#maps.keys()], (name, path) => {
      const result = this.#libbpf.pinMap(this.#map(name), path);
      if (result < 0) throw new PinningUnavailable(`pinning map ${name}: ${describeErrno(-result)}`);
    });
  }

  /** File descriptor of a shared map. */
  mapFd(name: string): number {
    return this.#libbpf.mapFd(this.#map(name));
  }

  /**
   * Loads and attaches programs: all of them or none.
   * @throws RefusedError when the kernel refuses to load or to attach one
   */
  attach(programs: readonly string[], knobs: Knobs): Attachment {
    const libbpf = this.#libbpf;
    this.#refuseForbidden(programs);
    const log = this.#log;
    log[0] = 0;
    const object = this.#open(log);
    const links = new Map<string, AttachedProgram>();
    try {
      const wanted: Pointer[] = [];
      for (const candidate of this.#programs(object)) {
        const chosen = programs.includes(libbpf.programName(candidate));
        libbpf.setAutoload(candidate, chosen);
        if (chosen) wanted.push(candidate);
      }
      // arm64 has no separate entry functions for process_vm_* of 32-bit callers, so those programs are missing there
      if (wanted.length < programs.length) throw new RefusedError(ENOENT, 'not in the object');
      this.#shareMaps(object, knobs);
      const loaded = libbpf.loadObject(object);
      if (loaded < 0)
        throw new RefusedError(-loaded, `load: ${describeErrno(-loaded)}${verifierVerdict(log)}`);
      for (const program of wanted) {
        const link = libbpf.attach(program);
        if (!link) {
          const errno = libbpf.errno();
          throw new RefusedError(errno, `attach: ${describeErrno(errno)}`);
        }
        links.set(libbpf.programName(program), { program, link });
      }
      return new Attachment(libbpf, object, links);
    } catch (error) {
      new Attachment(libbpf, object, links).detach();
      throw error;
    }
  }

  /** @throws RefusedError for a kind of program that this kernel does not allow */
  #refuseForbidden(programs: readonly string[]): void {
    for (const program of this.#programs(this.#base)) {
      if (!programs.includes(this.#libbpf.programName(program))) continue;
      const why = this.#probe.unavailable(program);
      if (why !== undefined) throw new RefusedError(why.errno, `${why.step}: ${describeErrno(why.errno)}`);
    }
  }

  close(): void {
    this.#libbpf.closeObject(this.#base);
  }

  #map(name: string): Pointer {
    const map = this.#maps.get(name);
    if (map === undefined) throw this.#invalid(`it has no map named ${name}`);
    return map;
  }

  #describeLayout(): string {
    const maps = [...this.#maps].map(([name, map]) => [name, ...this.#libbpf.mapShape(map)]);
    const described = JSON.stringify([layout, maps]);
    return createHash('sha256').update(described).digest('hex').slice(0, 16);
  }

  #inheritMaps(): void {
    const { pins } = this.#options;
    for (const [name, map] of this.#maps) {
      const fd = this.#libbpf.openPinned(pins?.mapPath(this.layout, name) ?? '');
      if (fd < 0) throw new RefusedError(-fd, `opening the pinned map ${name}: ${describeErrno(-fd)}`);
      const result = this.#libbpf.reuseFd(map, fd);
      closeDescriptor(fd);
      if (result < 0)
        throw new RefusedError(-result, `using the pinned map ${name}: ${describeErrno(-result)}`);
    }
  }

  #open(log: Buffer): Pointer {
    const object = this.#libbpf.openObject(this.#options.path, { btfPath: this.#options.btfPath, log });
    if (!object) throw this.#invalid(describeErrno(this.#libbpf.errno()));
    return object;
  }

  #shareMaps(object: Pointer, knobs: Knobs): void {
    for (const map of this.#mapsOf(object)) {
      const name = this.#libbpf.mapName(map);
      if (name === KNOBS_MAP) {
        const value = encodeKnobs(knobs);
        const result = this.#libbpf.setInitialValue(map, value, value.length);
        if (result < 0) throw this.#invalid(`its constants are not ${KNOBS_SIZE} bytes`);
      } else if (this.#maps.has(name)) {
        const result = this.#libbpf.reuseFd(map, this.mapFd(name));
        if (result < 0) throw new RefusedError(-result, `sharing map ${name}: ${describeErrno(-result)}`);
      }
    }
  }

  *#programs(object: Pointer): Generator<Pointer> {
    for (let p = this.#libbpf.nextProgram(object, null); p; p = this.#libbpf.nextProgram(object, p)) yield p;
  }

  *#mapsOf(object: Pointer): Generator<Pointer> {
    for (let m = this.#libbpf.nextMap(object, null); m; m = this.#libbpf.nextMap(object, m)) yield m;
  }

  #invalid(cause: string): MemwardenError {
    return new MemwardenError(
      'CAPTURE_OBJECT_INVALID',
      `failed to open the BPF object ${this.#options.path}: ${cause}`,
      'build it: npm run build:bpf',
    );
  }
}

interface AttachedProgram {
  readonly program: Pointer;
  readonly link: Pointer;
}

/** Suffix of a program's own pin, beside the pin of its link: the kernel's count of skipped runs is on the program. */
export const PROGRAM_PIN = '-program';

/** Programs that run in the kernel until they are detached. */
export class Attachment {
  readonly #libbpf: Libbpf;
  readonly #object: Pointer;
  readonly #attached: ReadonlyMap<string, AttachedProgram>;

  /** @param attached by name of the program */
  constructor(libbpf: Libbpf, object: Pointer, attached: ReadonlyMap<string, AttachedProgram>) {
    this.#libbpf = libbpf;
    this.#object = object;
    this.#attached = attached;
  }

  /** File descriptor of each program, by its name; open until `detach` or `leave`. */
  get descriptors(): ReadonlyMap<string, number> {
    return new Map([...this.#attached].map(([name, { program }]) => [name, this.#libbpf.programFd(program)]));
  }

  /** @throws PinningUnavailable for a link that only libbpf has: before 5.15 a kprobe has no bpf_link in the kernel */
  pin(directory: string): void {
    for (const [name, { program, link }] of this.#attached) {
      let result = this.#libbpf.pinLink(link, join(directory, name));
      if (result >= 0) result = this.#libbpf.pinProgram(program, join(directory, name + PROGRAM_PIN));
      if (result < 0) throw new PinningUnavailable(`pinning ${name}: ${describeErrno(-result)}`);
    }
  }

  detach(): void {
    for (const { link } of this.#attached.values()) this.#libbpf.destroyLink(link);
    this.#libbpf.closeObject(this.#object);
  }

  /** Closes the programs without detaching them: their pins keep them attached. */
  leave(): void {
    for (const { link } of this.#attached.values()) this.#libbpf.disconnectLink(link);
    this.detach();
  }
}

function encodeKnobs(knobs: Knobs): Buffer {
  const value = Buffer.alloc(KNOBS_SIZE);
  value.writeUInt32LE(knobs.generation, KNOBS.generation);
  value.writeUInt8(HOOKS.indexOf(knobs.hook), KNOBS.hook);
  value.writeUInt8(Number(knobs.resultFollows), KNOBS.result_follows);
  value.writeUInt8(Number(knobs.rawOpen), KNOBS.raw_open);
  value.writeUInt8(Number(knobs.rawUnfiltered), KNOBS.raw_unfiltered);
  value.writeUInt8(Number(knobs.rawByName), KNOBS.raw_by_name);
  value.writeUInt8(Number(knobs.rawBySuffix), KNOBS.raw_by_suffix);
  value.writeUInt8(Number(knobs.rawByDirectory), KNOBS.raw_by_directory);
  return value;
}

/** The verifier's reason: the last line before its statistics, or before the readable report that Linux 7.3 appends. */
function verifierVerdict(log: Buffer): string {
  const text = log.subarray(0, log.indexOf(0)).toString('utf8');
  const lines = text.split('\n');
  const report = lines.findLastIndex(line => line.startsWith('Verification failed:'));
  const verdict = lines
    .slice(0, report < 0 ? undefined : report)
    .filter(line => line !== '' && !line.startsWith('processed ') && !line.startsWith('-- END'))
    .at(-1);
  return verdict === undefined ? '' : `: ${verdict.trim()}`;
}
