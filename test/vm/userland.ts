import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AptSuite, type Architecture } from './apt.ts';
import { cacheFolder } from './cache.ts';

/** The userland of the guest, from one Debian release, whatever the host has. */
const SUITE = 'bookworm';
const PACKAGES: Readonly<Record<string, RegExp>> = {
  'busybox-static': /\/bin\/busybox$/,
  libc6: /\/lib\/|\/lib64\//,
  'libgcc-s1': /\.so/,
  'libstdc++6': /\.so/,
  libatomic1: /\.so/,
  libbpf1: /\.so/,
  libelf1: /\.so/,
  zlib1g: /\.so/,
  'libcap-ng0': /\.so/,
  // BusyBox's setpriv cannot change the bounding set.
  'util-linux': /\/bin\/(setpriv|unshare|nsenter)$/,
  procps: /\/bin\//,
  'libproc2-0': /\.so/,
  libncursesw6: /\.so/,
  libtinfo6: /\.so/,
  libsystemd0: /\.so/,
  libcap2: /\.so/,
  libgcrypt20: /\.so/,
  'libgpg-error0': /\.so/,
  'liblz4-1': /\.so/,
  libzstd1: /\.so/,
  'ncurses-base': /\/terminfo\//,
  psmisc: /\/bin\/fuser$/,
  strace: /\/bin\/strace$/,
  libunwind8: /\.so/,
  liblzma5: /\.so/,
  'python3-minimal': /\/bin\/python3$/,
  'python3.11-minimal': /\/bin\//,
  'libpython3.11-minimal': /\.(py|so)$/,
  'libpython3.11-stdlib': /\.(py|so)$/,
  libexpat1: /\.so/,
};
const NODE_ARCHITECTURE = { amd64: 'x64', arm64: 'arm64' } as const satisfies Record<Architecture, string>;

/** A folder of the host and which of its files the guest gets. */
export interface UserlandPart {
  readonly folder: string;
  readonly files: RegExp;
}

/**
 * Debian's side of the guest: C library, libbpf, BusyBox, Python, the harmless programs.
 * @throws when a package cannot be had
 */
export function debianUserland(architecture: Architecture): UserlandPart[] {
  const apt = new AptSuite(SUITE, architecture);
  return Object.entries(PACKAGES).map(([name, files]) => ({ folder: apt.unpack(name), files }));
}

/** The `node` program of exactly the version that package-lock.json pins, for the guest's architecture. */
export function nodeProgram(repository: string, architecture: Architecture): string {
  return join(
    npmPackage(`node-linux-${NODE_ARCHITECTURE[architecture]}`, lockedVersion(repository, 'node')),
    'bin/node',
  );
}

/** The package with koffi's native part for the guest's architecture, and its name below node_modules. */
export function koffiNative(
  repository: string,
  architecture: Architecture,
): { name: string; folder: string } {
  const name = `@koromix/koffi-linux-${NODE_ARCHITECTURE[architecture]}`;
  return { name, folder: npmPackage(name, lockedVersion(repository, 'koffi')) };
}

function lockedVersion(repository: string, name: string): string {
  const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  const version = lock.packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`failed to find ${name} in package-lock.json: it is not listed`);
  return version;
}

function npmPackage(name: string, version: string): string {
  const target = join(cacheFolder('packages'), `${name.replace('/', '+')}@${version}`);
  if (existsSync(join(target, 'package.json'))) return target;
  const download = cacheFolder('npm');
  const [archive] = execFileSync('npm', ['pack', '--silent', `${name}@${version}`], {
    cwd: download,
    encoding: 'utf8',
  }).split('\n');
  if (!archive) throw new Error(`failed to download ${name}@${version}: npm pack named no archive`);
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', join(download, archive), '-C', target, '--strip-components=1']);
  rmSync(join(download, archive));
  return target;
}
