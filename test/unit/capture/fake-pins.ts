import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PinDirectory, PinnedPrograms } from '../../../src/capture/pinning/pin-directory.ts';
import type { FakeLibbpf } from './fake-libbpf.ts';

const PENDING = 'pending';
const PROGRAMS = /^programs-([0-9a-f]+)-(\d+)-([0-9a-f]+)$/;

/** The part of PinDirectory that a start uses. */
type Pins = Pick<
  PinDirectory,
  | 'path'
  | 'layouts'
  | 'programs'
  | 'mapPath'
  | 'addMaps'
  | 'addPrograms'
  | 'removePrograms'
  | 'removeMaps'
  | 'removePending'
>;

/** A directory of pins in an ordinary file system. */
class FakePins implements Pins {
  readonly path: string;
  readonly #kernel: FakeLibbpf;

  constructor(path: string, kernel: FakeLibbpf) {
    this.path = path;
    this.#kernel = kernel;
  }

  get layouts(): string[] {
    return readdirSync(this.path).flatMap(name => (name.startsWith('maps-') ? [name.slice(5)] : []));
  }

  get programs(): PinnedPrograms[] {
    return readdirSync(this.path).flatMap(name => {
      const [, layout, generation, fingerprint] = PROGRAMS.exec(name) ?? [];
      if (layout === undefined || fingerprint === undefined) return [];
      return [{ path: join(this.path, name), layout, generation: Number(generation), fingerprint }];
    });
  }

  mapPath(layout: string, name: string): string {
    return join(this.path, `maps-${layout}`, name);
  }

  addMaps(layout: string, names: readonly string[], pin: (name: string, path: string) => void): void {
    this.#add(`maps-${layout}`, staged => {
      for (const name of names) pin(name, join(staged, name));
    });
  }

  addPrograms(name: Omit<PinnedPrograms, 'path'>, pin: (directory: string) => void): void {
    this.#add(`programs-${name.layout}-${name.generation}-${name.fingerprint}`, pin);
  }

  removePrograms({ path }: PinnedPrograms): void {
    rmSync(path, { recursive: true });
  }

  removeMaps(layout: string): void {
    rmSync(join(this.path, `maps-${layout}`), { recursive: true });
  }

  removePending(): void {
    rmSync(join(this.path, PENDING), { recursive: true, force: true });
  }

  #add(name: string, fill: (directory: string) => void): void {
    const staged = join(this.path, PENDING);
    const place = join(this.path, name);
    mkdirSync(staged);
    try {
      fill(staged);
      renameSync(staged, place);
      this.#kernel.moved(staged, place);
    } catch (error) {
      if (existsSync(staged)) this.removePending();
      throw error;
    }
  }
}

/** @param path an existing directory */
export function fakePins(path: string, kernel: FakeLibbpf): PinDirectory {
  const pins: Pins = new FakePins(path, kernel);
  return pins as PinDirectory;
}
