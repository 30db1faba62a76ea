import { MemwardenError } from '../errors.ts';
import { readOwnFile } from './own-file.ts';

/**
 * How many descriptors the process must be able to have. Programs, links and maps in the kernel, the spool and the
 * connections to a collector are about 150 of them; the health port takes 256 at most (src/health/connections.ts).
 */
const DESCRIPTORS_NEEDED = 512;

const HOW_TO_RAISE_DESCRIPTORS = [
  `ulimit -n ${DESCRIPTORS_NEEDED}`,
  `or in a systemd unit: LimitNOFILE=${DESCRIPTORS_NEEDED}`,
  `or in a container: docker run --ulimit nofile=${DESCRIPTORS_NEEDED}`,
].join('\n');

/** The limit in a `/proc/<pid>/limits` text that is in force; Node.js has raised it to the highest that it may have. */
export function descriptorLimit(limits: string): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/** @throws MemwardenError CAPTURE_UNAVAILABLE when /proc does not say it */
export function ownDescriptorLimit(): number {
  return descriptorLimit(readOwnFile('limits'));
}

/** @throws MemwardenError CAPTURE_UNAVAILABLE when there may be too few for a start, and for what comes after it */
export function assertDescriptors(limit: number): void {
  if (limit >= DESCRIPTORS_NEEDED) return;
  throw new MemwardenError(
    'CAPTURE_UNAVAILABLE',
    `failed to start the capture: this process may have ${limit} open files, and ${DESCRIPTORS_NEEDED} are needed`,
    HOW_TO_RAISE_DESCRIPTORS,
  );
}
