import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Debian packages of a root file system, with the installed size of each, KiB. */
export function installedPackages(root: string): ReadonlyMap<string, number> {
  const sections = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8').split('\n\n');
  return new Map(
    sections
      .filter(section => /^Status: install ok installed$/m.test(section))
      .map(section => [
        /^Package: (.*)$/m.exec(section)?.[1] ?? '',
        Number(/^Installed-Size: (\d+)$/m.exec(section)?.[1] ?? 0),
      ]),
  );
}

/** Number of packages that `npm ci` has installed. */
export function installedModules(clone: string): number {
  const lock = join(clone, 'node_modules/.package-lock.json');
  if (!existsSync(lock)) return 0;
  const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as { packages: Record<string, unknown> };
  return Object.keys(packages).length;
}
