import { MemwardenError } from '../errors.ts';
import { readOwnFile } from './own-file.ts';

/**
 * The smallest limit of open descriptors that is enough: about 150 for programs, links and maps in the kernel, the spool and
 * the connections to a collector, and at most 256 for the health port (src/health/connections.ts).
 */
const DESCRIPTORS_NEEDED = 512;

const HOW_TO_RAISE_DESCRIPTORS = [
  `ulimit -n ${DESCRIPTORS_NEEDED}`,
  `or in a systemd unit: LimitNOFILE=${DESCRIPTORS_NEEDED}`,
  `or in a container: docker run --ulimit nofile=${DESCRIPTORS_NEEDED}`,
].join('\n');

/** The soft limit in a `/proc/<pid>/limits` text. Node.js has raised it to the hard limit. */
export function descriptorLimit(limits: string): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/** @throws MemwardenError CAPTURE_UNAVAILABLE when /proc cannot be read */
export function ownDescriptorLimit(): number {
  return descriptorLimit(readOwnFile('limits'));
}

/** @throws MemwardenError CAPTURE_UNAVAILABLE when the limit is too low */
export function assertDescriptors(limit: number): void {
  if (limit >= DESCRIPTORS_NEEDED) return;
  throw new MemwardenError(
    'CAPTURE_UNAVAILABLE',
    `failed to start the capture: this process may have ${limit} open files, and ${DESCRIPTORS_NEEDED} are needed`,
    HOW_TO_RAISE_DESCRIPTORS,
  );
}
