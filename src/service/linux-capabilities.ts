import { MemwardenError } from '../errors.ts';
import { readOwnFile } from './own-file.ts';

/** A Linux capability: its bit (include/uapi/linux/capability.h) and what fails without it. */
export interface LinuxCapability {
  readonly name: string;
  readonly bit: bigint;
  readonly purpose: string;
  /** Without it nothing can be captured. Without another one, records have fewer details. */
  readonly required: boolean;
}

export const CAP_BPF: LinuxCapability = {
  name: 'CAP_BPF',
  bit: 39n,
  purpose: 'load BPF programs',
  required: true,
};

export const CAP_PERFMON: LinuxCapability = {
  name: 'CAP_PERFMON',
  bit: 38n,
  purpose: 'attach them and read kernel structures',
  required: true,
};

export const CAP_SYS_PTRACE: LinuxCapability = {
  name: 'CAP_SYS_PTRACE',
  bit: 19n,
  purpose: 'read working directories of other users',
  required: false,
};

export const CAP_DAC_READ_SEARCH: LinuxCapability = {
  name: 'CAP_DAC_READ_SEARCH',
  bit: 2n,
  purpose: 'read procfs and tracefs whatever their mode',
  required: false,
};

/** Includes CAP_BPF and CAP_PERFMON. */
export const CAP_SYS_ADMIN: LinuxCapability = {
  name: 'CAP_SYS_ADMIN',
  bit: 21n,
  purpose: 'replace CAP_BPF and CAP_PERFMON',
  required: false,
};

export const CAP_DAC_OVERRIDE: LinuxCapability = {
  name: 'CAP_DAC_OVERRIDE',
  bit: 1n,
  purpose: "write into another user's folder",
  required: false,
};

/** What memwarden asks for. */
const WANTED = [CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH];

export interface LinuxCapabilityStatus {
  readonly held: readonly LinuxCapability[];
  readonly missing: readonly LinuxCapability[];
}

/** One of the capability sets in a `/proc/<pid>/status` text, as a mask. */
export function linuxCapabilitySet(status: string, set: 'CapEff' | 'CapPrm'): bigint {
  return BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
}

/** Which of the capabilities that memwarden asks for are in the effective set of a `/proc/<pid>/status` text. */
export function linuxCapabilityStatus(status: string): LinuxCapabilityStatus {
  const effective = linuxCapabilitySet(status, 'CapEff');
  const has = ({ bit }: LinuxCapability) => ((effective >> bit) & 1n) === 1n;
  const held = WANTED.filter(capability => has(capability) || (capability.required && has(CAP_SYS_ADMIN)));
  return { held, missing: WANTED.filter(capability => !held.includes(capability)) };
}

/** @throws MemwardenError CAPTURE_UNAVAILABLE when /proc cannot be read */
export function ownLinuxCapabilities(): LinuxCapabilityStatus {
  return linuxCapabilityStatus(readOwnFile('status'));
}

/** Three ways to grant capabilities. Not setcap on the node binary: every script on the machine would get them. */
export function howToGrant(missing: readonly LinuxCapability[]): readonly string[] {
  const names = missing.map(({ name }) => name);
  const added = names.map(name => `--cap-add ${name.replace('CAP_', '')}`);
  return [
    'run it with sudo',
    `or in a systemd unit: AmbientCapabilities=${names.join(' ')}`,
    `or in a container: docker run ${added.join(' ')}`,
  ];
}

/** @throws MemwardenError CAPTURE_UNAVAILABLE when a required capability is missing */
export function assertLinuxCapabilities({ missing }: LinuxCapabilityStatus): void {
  const required = missing.filter(capability => capability.required);
  if (required.length === 0) return;
  const list = required.map(({ name, purpose }) => `${name} (to ${purpose})`).join(' and ');
  throw new MemwardenError(
    'CAPTURE_UNAVAILABLE',
    `failed to start the capture: missing ${list}`,
    howToGrant(missing),
  );
}
