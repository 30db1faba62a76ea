import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AptSuite, type Architecture } from './apt.ts';

/** A kernel on disk, ready to boot. */
export interface Kernel {
  readonly series: KernelSeries;
  readonly architecture: Architecture;
  readonly pageKiB: PageKiB;
  /** As `uname -r` says it in the guest. */
  readonly release: string;
  readonly image: string;
}

export type PageKiB = 4 | 16;
export type KernelSeries = keyof typeof SUITES;

/** Where each series is published. Package names carry the point release, so they are looked up when needed. */
const SUITES = {
  '5.10': ['bullseye'],
  '6.1': ['bookworm'],
  '6.12': ['bookworm-backports', 'trixie'],
  '6.18': ['trixie-backports'],
  newest: ['trixie-backports', 'sid'],
} as const satisfies Record<string, readonly string[]>;

export const KERNEL_SERIES = Object.keys(SUITES) as KernelSeries[];

/**
 * Finds, downloads and unpacks the newest kernel of a series.
 * @throws Error that says why when there is none; the caller reports the cell as unavailable, never as passed
 */
export function findKernel(series: KernelSeries, architecture: Architecture, pageKiB: PageKiB = 4): Kernel {
  const reasons: string[] = [];
  for (const suite of SUITES[series]) {
    try {
      return newestIn(new AptSuite(suite, architecture), series, pageKiB);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`failed to get a ${series} kernel for ${architecture}: ${reasons.join('; ')}`);
}

function newestIn(apt: AptSuite, series: KernelSeries, pageKiB: PageKiB): Kernel {
  // From 7.0 on the image is in linux-binary-*, and linux-image-* only depends on it.
  const version = series === 'newest' ? '[0-9]+[.][0-9]+' : series.replace('.', '[.]');
  const flavour = pageKiB === 16 ? `${apt.architecture}-16k` : `cloud-${apt.architecture}`;
  const names = apt
    .search(`^linux-(image|binary)-${version}[.][^ ]*-${flavour}$`)
    .filter(name => !name.includes('-rt-'))
    .sort((a, b) => compareVersions(releaseOf(a), releaseOf(b)) || b.localeCompare(a));
  const release = releaseOf(names.at(-1) ?? '');
  for (const name of names.filter(candidate => releaseOf(candidate) === release).reverse()) {
    const image = imageIn(apt.unpack(name), release);
    if (image !== undefined) return { series, architecture: apt.architecture, pageKiB, release, image };
  }
  throw new Error(`${apt.suite} has no ${series} kernel image for ${flavour}`);
}

function imageIn(folder: string, release: string): string | undefined {
  const places = [`boot/vmlinuz-${release}`, `usr/lib/modules/${release}/vmlinuz`];
  return places.map(place => join(folder, place)).find(existsSync);
}

function releaseOf(name: string): string {
  return name.replace(/^linux-(image|binary)-/, '');
}

/** Orders 6.12.9 before 6.12.10. */
function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
