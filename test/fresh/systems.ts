import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { debianMirror, KEYRING } from '../vm/apt.ts';
import { cacheFolder } from '../vm/cache.ts';

/** Debian 12 and 13. */
export const SYSTEMS = ['bookworm', 'trixie'] as const;
export type System = (typeof SYSTEMS)[number];

/** Age at which a base system is made again, so that few of its packages are outdated. */
const MAX_AGE_MILLIS = 30 * 24 * 60 * 60 * 1000;

/**
 * Archive of a system with Debian's essential packages and apt: no certificates, no git, no package lists. Kept from one run
 * to the next. @throws Error with debootstrap's output when it fails
 */
export function baseArchive(system: System): string {
  const folder = cacheFolder('fresh');
  const archive = join(folder, `${system}.tar`);
  if (existsSync(archive) && Date.now() - statSync(archive).mtimeMs < MAX_AGE_MILLIS) return archive;
  const work = mkdtempSync(join(folder, 'base-'));
  try {
    const root = join(work, 'root');
    const options = ['--variant=minbase', `--keyring=${KEYRING}`];
    // in a mount namespace, so that debootstrap's mounts end with it, also when it is killed
    const apart = ['--mount', '--propagation', 'private', 'debootstrap'];
    run('unshare', [...apart, ...options, system, root, debianMirror()]);
    const made = join(work, 'made.tar');
    const without = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*'];
    run('tar', [
      '-C',
      root,
      '--numeric-owner',
      ...without.map(path => `--exclude=${path}`),
      '-cf',
      made,
      '.',
    ]);
    renameSync(made, archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return archive;
}

function run(program: string, words: readonly string[]): void {
  try {
    execFileSync(program, words, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 << 20,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    // debootstrap writes its errors among its progress
    const said = `${stdout}${stderr}`.trim().split('\n').slice(-10).join('\n');
    throw new Error(`failed to run ${program} ${words[0]}: ${said || String(error)}`, { cause: error });
  }
}
