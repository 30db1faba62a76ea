import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { MemwardenError } from '../../errors.ts';
import { lock } from '../libc.ts';

/** include/uapi/linux/magic.h */
const BPF_FS_MAGIC = 0xcafe4a11;
const PENDING = 'pending';
const MAPS = /^maps-(?<layout>[0-9a-f]+)$/;
const PROGRAMS = /^programs-(?<layout>[0-9a-f]+)-(?<generation>\d+)-(?<fingerprint>[0-9a-f]+)$/;

/** Programs that were pinned together: those of one start. */
export interface PinnedPrograms {
  readonly path: string;
  readonly layout: string;
  readonly generation: number;
  /** What was loaded and how it was chosen; equal: nothing would come out differently today. */
  readonly fingerprint: string;
}

/** Why nothing can be pinned here, in words. */
export class PinningUnavailable extends Error {
  override readonly name = 'PinningUnavailable';
}

/**
 * A directory in a BPF file system, owned by this process. The kernel keeps what is pinned in it: maps in
 * `maps-<layout>`, and the links of attached programs in `programs-<layout>-<generation>-<fingerprint>`, in a directory
 * for each capability. Both are filled under another name first, so a directory with its name is complete however its
 * maker ended.
 */
export class PinDirectory {
  readonly path: string;
  readonly #fd: number;

  /**
   * @param create whether to make a directory that does not exist
   * @throws PinningUnavailable when it is not, or cannot be made, on a BPF file system;
   * MemwardenError CAPTURE_UNAVAILABLE when another process owns it
   */
  constructor(path: string, create: boolean) {
    this.path = path;
    this.#fd = openOwned(path, create);
  }

  /** Layouts of which there are maps. */
  get layouts(): string[] {
    return this.#entries().flatMap(name => MAPS.exec(name)?.groups?.['layout'] ?? []);
  }

  get programs(): PinnedPrograms[] {
    return this.#entries().flatMap(name => {
      const { layout, generation, fingerprint } = PROGRAMS.exec(name)?.groups ?? {};
      if (layout === undefined || generation === undefined || fingerprint === undefined) return [];
      return [{ path: join(this.path, name), layout, generation: Number(generation), fingerprint }];
    });
  }

  mapPath(layout: string, name: string): string {
    return join(this.path, `maps-${layout}`, name);
  }

  /** Pins maps: all of them, or the directory does not come to be. @param pin pins one at a path */
  addMaps(layout: string, names: readonly string[], pin: (name: string, path: string) => void): void {
    this.#add(`maps-${layout}`, staged => {
      for (const name of names) pin(name, join(staged, name));
    });
  }

  /** Pins programs: all of them, or the directory does not come to be. @param pin fills the directory it is given */
  addPrograms(name: Omit<PinnedPrograms, 'path'>, pin: (directory: string) => void): void {
    this.#add(`programs-${name.layout}-${name.generation}-${name.fingerprint}`, pin);
  }

  /** Detaches programs whose links nobody else holds. */
  removePrograms({ path }: PinnedPrograms): void {
    removeTree(path);
  }

  removeMaps(layout: string): void {
    removeTree(join(this.path, `maps-${layout}`));
  }

  /** Removes what a start that was cut short has left. */
  removePending(): void {
    if (this.#entries().includes(PENDING)) removeTree(join(this.path, PENDING));
  }

  /** Removes everything, the directory included. */
  remove(): void {
    removeTree(this.path);
  }

  /** Lets another process own the directory; what is pinned stays. */
  close(): void {
    closeSync(this.#fd);
  }

  #add(name: string, fill: (directory: string) => void): void {
    const staged = join(this.path, PENDING);
    this.removePending();
    mkdirSync(staged, { mode: 0o700 });
    try {
      fill(staged);
      renameSync(staged, join(this.path, name));
    } catch (error) {
      removeTree(staged);
      throw error;
    }
  }

  #entries(): string[] {
    return readdirSync(this.path);
  }
}

function openOwned(path: string, create: boolean): number {
  for (;;) {
    const fd = openDirectory(path, create);
    if (!lock(fd)) {
      closeSync(fd);
      throw new MemwardenError(
        'CAPTURE_UNAVAILABLE',
        `failed to use the pinned programs in ${path}: another memwarden is using them`,
        'stop it first, or choose another capture.pinPath for this one',
      );
    }
    // it may have been removed, and made again, between the open and the lock
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino) return fd;
    closeSync(fd);
  }
}

function openDirectory(path: string, create: boolean): number {
  try {
    const parent = dirname(path);
    const fileSystem = create ? parent : path;
    if (statfsSync(fileSystem).type !== BPF_FS_MAGIC) {
      throw new PinningUnavailable(
        `${fileSystem} is not on a BPF file system (mount -t bpf bpf /sys/fs/bpf)`,
      );
    }
    if (create && statSync(path, { throwIfNoEntry: false }) === undefined) mkdirSync(path, { mode: 0o700 });
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof PinningUnavailable) throw error;
    throw new PinningUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Unlike rmSync it asks for nothing that a BPF file system does not have. */
function removeTree(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) removeTree(below);
    else unlinkSync(below);
  }
  rmdirSync(path);
}
