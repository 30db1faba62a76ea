import { closeSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { below } from './below.ts';
import { openOwnFolder } from './own-folder.ts';
import { PinningUnavailable } from './pinning-unavailable.ts';

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

/**
 * A directory in a BPF file system, owned by this process. The kernel keeps what is pinned in it: maps in
 * `maps-<layout>`, and the links of attached programs in `programs-<layout>-<generation>-<fingerprint>`, in a directory
 * for each capability. Both are filled under another name first, so a directory with its name is complete however its
 * maker ended.
 */
export class PinDirectory {
  /** Its name, for people: what is in it is reached through its descriptor. */
  readonly path: string;
  readonly #parent: number;
  readonly #folder: number;

  /**
   * @param create whether to make a directory that does not exist, and to mount a BPF file system for it
   * @throws PinningUnavailable when it is not, or cannot be made, on a BPF file system; UntrustedFolder when it is
   * somebody else's; MemwardenError CAPTURE_UNAVAILABLE when another memwarden owns it
   */
  constructor(path: string, create: boolean) {
    this.path = path;
    ({ parent: this.#parent, folder: this.#folder } = openOwnFolder(path, create));
  }

  /** Layouts of which there are maps. */
  get layouts(): string[] {
    return this.#entries().flatMap(name => MAPS.exec(name)?.groups?.['layout'] ?? []);
  }

  get programs(): PinnedPrograms[] {
    return this.#entries().flatMap(name => {
      const { layout, generation, fingerprint } = PROGRAMS.exec(name)?.groups ?? {};
      if (layout === undefined || generation === undefined || fingerprint === undefined) return [];
      return [{ path: below(this.#folder, name), layout, generation: Number(generation), fingerprint }];
    });
  }

  mapPath(layout: string, name: string): string {
    return below(this.#folder, `maps-${layout}`, name);
  }

  /** Pins maps: all of them, or the directory does not come to be. @throws PinningUnavailable @param pin pins one at a path */
  addMaps(layout: string, names: readonly string[], pin: (name: string, path: string) => void): void {
    this.#add(`maps-${layout}`, staged => {
      for (const name of names) pin(name, join(staged, name));
    });
  }

  /** Pins programs: all of them, or the directory does not come to be. @throws PinningUnavailable @param pin fills the directory it is given */
  addPrograms(name: Omit<PinnedPrograms, 'path'>, pin: (directory: string) => void): void {
    this.#add(`programs-${name.layout}-${name.generation}-${name.fingerprint}`, pin);
  }

  /** Detaches programs whose links nobody else holds. */
  removePrograms({ path }: PinnedPrograms): void {
    removeTree(path);
  }

  removeMaps(layout: string): void {
    removeTree(below(this.#folder, `maps-${layout}`));
  }

  /** Removes what a start that was cut short has left. */
  removePending(): void {
    if (this.#entries().includes(PENDING)) removeTree(below(this.#folder, PENDING));
  }

  /** Removes everything, the directory included. */
  remove(): void {
    removeEntries(below(this.#folder));
    rmdirSync(below(this.#parent, basename(this.path)));
  }

  /** Lets another process own the directory; what is pinned stays. */
  close(): void {
    closeSync(this.#folder);
    closeSync(this.#parent);
  }

  #add(name: string, fill: (directory: string) => void): void {
    const staged = below(this.#folder, PENDING);
    this.removePending();
    try {
      mkdirSync(staged, { mode: 0o700 });
      fill(staged);
      renameSync(staged, below(this.#folder, name));
    } catch (error) {
      this.removePending();
      const { syscall, code } = error as NodeJS.ErrnoException;
      if (syscall === undefined) throw error;
      throw new PinningUnavailable(`${syscall} in ${this.path}: ${code}`, { cause: error });
    }
  }

  #entries(): string[] {
    return readdirSync(below(this.#folder));
  }
}

/** Unlike rmSync it asks for nothing that a BPF file system does not have. */
function removeTree(path: string): void {
  removeEntries(path);
  rmdirSync(path);
}

function removeEntries(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) removeTree(inside);
    else unlinkSync(inside);
  }
}
