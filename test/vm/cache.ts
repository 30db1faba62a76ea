import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Path of a folder of the VM tests' cache, created when missing. Kernels and initramfs images are hundreds of
 * megabytes that outlive a checkout, so they are kept outside the tree, where the XDG base directory
 * specification puts caches.
 */
export function cacheFolder(...names: string[]): string {
  const folder = join(
    process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
    'memwarden',
    'vm',
    ...names,
  );
  mkdirSync(folder, { recursive: true });
  return folder;
}
