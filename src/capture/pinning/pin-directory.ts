import { closeSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { below } from './below.ts';
import { openOwnFolder } from './own-folder.ts';
import { PinningUnavailable } from './pinning-unavailable.ts';

const PENDING = 'pending';
const MAPS = /^maps-(?<layout>[0-9a-f]+)$/;
const PROGRAMS = /^programs-(?<layout>[0-9a-f]+)-(?<generation>\d+)-(?<fingerprint>[0-9a-f]+)$/;

/** Programs that one start pinned together. */
export interface PinnedPrograms {
  readonly path: string;
  readonly layout: string;
  readonly generation: number;
  /** See `fingerprintOf`: equal where this start would attach the same programs. */
  readonly fingerprint: string;
}

/**
 * A directory in a BPF file system, owned by this process. The kernel keeps what is pinned in it:
 *
 *     maps-<layout>/<map>
 *     programs-<layout>-<generation>-<fingerprint>/<capability>-<hook>/<program>           link of an attached program
 *     programs-<layout>-<generation>-<fingerprint>/<capability>-<hook>/<program>-program   the program itself
 *     pending/                                                                             either, while it is filled
 *
 * Both are filled as `pending` and then renamed, so a directory with its final name is complete, however its maker ended.
 */
export class PinDirectory {
  /** Its name for messages; its entries are accessed through its descriptor. */
  readonly path: string;
  readonly #parent: number;
  readonly #folder: number;

  /**
   * @param create whether to create a missing directory, and to mount a BPF file system for it
   * @throws PinningUnavailable when it is not, or cannot be created, on a BPF file system; UntrustedFolder when another
   * user controls it; MemwardenError CAPTURE_UNAVAILABLE when another memwarden owns it
   */
  constructor(path: string, create: boolean) {
    this.path = path;
    ({ parent: this.#parent, folder: this.#folder } = openOwnFolder(path, create));
  }

  /** Layouts whose maps are pinned. */
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

  /** Pins all maps or none. @param pin pins one map at a path @throws PinningUnavailable */
  addMaps(layout: string, names: readonly string[], pin: (name: string, path: string) => void): void {
    this.#add(`maps-${layout}`, staged => {
      for (const name of names) pin(name, join(staged, name));
    });
  }

  /** Pins all programs or none. @param pin fills the directory that it is given @throws PinningUnavailable */
  addPrograms(name: Omit<PinnedPrograms, 'path'>, pin: (directory: string) => void): void {
    this.#add(`programs-${name.layout}-${name.generation}-${name.fingerprint}`, pin);
  }

  /** Removes the pins of programs, which detaches them unless a process still holds their links. */
  removePrograms({ path }: PinnedPrograms): void {
    removeTree(path);
  }

  removeMaps(layout: string): void {
    removeTree(below(this.#folder, `maps-${layout}`));
  }

  /** Removes what an interrupted start left. */
  removePending(): void {
    if (this.#entries().includes(PENDING)) removeTree(below(this.#folder, PENDING));
  }

  /** Removes all entries and the directory itself. */
  remove(): void {
    removeEntries(below(this.#folder));
    rmdirSync(below(this.#parent, basename(this.path)));
  }

  /** Releases the lock on the directory; what is pinned stays. */
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

/** Instead of rmSync, which uses operations that a BPF file system lacks. */
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
