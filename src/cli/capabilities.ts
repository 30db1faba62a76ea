import { readFileSync } from 'node:fs';
import { MemwardenError } from '../errors.ts';

/** A Linux capability: its bit (include/uapi/linux/capability.h) and what fails without it. */
interface Capability {
  readonly name: string;
  readonly bit: bigint;
  readonly purpose: string;
  /** Without it nothing can be captured; the others only cost details of a record. */
  readonly required: boolean;
}

/** Has the power of CAP_BPF and CAP_PERFMON too; before Linux 5.8 it is the only one that has. */
const SYS_ADMIN = 21n;

const CAPABILITIES: readonly Capability[] = [
  { name: 'CAP_BPF', bit: 39n, purpose: 'load BPF programs', required: true },
  {
    name: 'CAP_PERFMON',
    bit: 38n,
    purpose: 'attach them and read kernel structures',
    required: true,
  },
  {
    name: 'CAP_SYS_PTRACE',
    bit: 19n,
    purpose: 'read working directories of other users',
    required: false,
  },
  {
    name: 'CAP_DAC_READ_SEARCH',
    bit: 2n,
    purpose: 'read procfs and tracefs whatever their mode',
    required: false,
  },
];

export interface CapabilityStatus {
  readonly held: readonly Capability[];
  readonly missing: readonly Capability[];
}

/** Which of the needed capabilities are in the effective set of a `/proc/<pid>/status` text. */
export function capabilityStatus(status: string): CapabilityStatus {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const has = (bit: bigint) => ((effective >> bit) & 1n) === 1n;
  const held = CAPABILITIES.filter(({ bit, required }) => has(bit) || (required && has(SYS_ADMIN)));
  return {
    held,
    missing: CAPABILITIES.filter(capability => !held.includes(capability)),
  };
}

export function ownCapabilities(): CapabilityStatus {
  return capabilityStatus(readFileSync('/proc/self/status', 'utf8'));
}

/** Three ways to grant capabilities. Not setcap on the node binary: every script on the machine would inherit the power. */
export function howToGrant(missing: readonly Capability[]): string {
  const names = missing.map(({ name }) => name);
  const added = names.map(name => `--cap-add ${name.replace('CAP_', '')}`);
  return [
    'run it with sudo',
    `or in a systemd unit: AmbientCapabilities=${names.join(' ')}`,
    `or in a container: docker run ${added.join(' ')}`,
  ].join('\n');
}

/** @throws MemwardenError CAPTURE_UNAVAILABLE when a capability without which nothing can be captured is missing */
export function assertCapabilities({ missing }: CapabilityStatus): void {
  const required = missing.filter(capability => capability.required);
  if (required.length === 0) return;
  const list = required.map(({ name, purpose }) => `${name} (to ${purpose})`).join(' and ');
  throw new MemwardenError(
    'CAPTURE_UNAVAILABLE',
    `failed to start the capture: missing ${list}`,
    howToGrant(missing),
  );
}
