import { readFileSync } from 'node:fs';
import { MemwardenError } from '../errors.ts';

/**
 * The text of a file in /proc/self.
 * @throws MemwardenError CAPTURE_UNAVAILABLE where procfs is not mounted or is hidden
 */
export function readOwnFile(name: 'status' | 'limits'): string {
  const path = `/proc/self/${name}`;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MemwardenError(
      'CAPTURE_UNAVAILABLE',
      `failed to read ${path}: ${(cause as NodeJS.ErrnoException).code ?? cause}`,
      'mount procfs: mount -t proc proc /proc',
      { cause },
    );
  }
}
