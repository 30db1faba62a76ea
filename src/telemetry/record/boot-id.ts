import { readFileSync } from 'node:fs';
import { MemwardenError } from '../../errors.ts';

const BOOT_ID_PATH = '/proc/sys/kernel/random/boot_id';

/**
 * The running kernel's boot id, random per boot, the same in every container: 32 hexadecimal digits.
 *
 * @throws MemwardenError CAPTURE_UNAVAILABLE when it cannot be read.
 */
export function readBootId(): string {
  try {
    return readFileSync(BOOT_ID_PATH, 'utf8').trim().replaceAll('-', '');
  } catch (cause) {
    throw new MemwardenError(
      'CAPTURE_UNAVAILABLE',
      `failed to read ${BOOT_ID_PATH}: ${cause}`,
      'mount procfs at /proc; record ids are derived from the boot id',
      { cause },
    );
  }
}
