import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The package has the schemas of all Kubernetes versions, so the test needs no network. */
const REQUIREMENT = 'kubernetes-validate==1.37.0';

/**
 * Folder of Python packages that holds kubernetes-validate; installed there the first time.
 *
 * @throws Error when there is no pip, or it cannot install the package.
 */
export function ensureKubernetesValidate(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'memwarden', REQUIREMENT);
  if (!existsSync(join(folder, 'bin', 'kubernetes-validate'))) {
    execFileSync('python3', ['-m', 'pip', 'install', '--quiet', '--target', folder, REQUIREMENT], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }
  return folder;
}
