import { existsSync, readFileSync } from 'node:fs';
import { ownLinuxCapabilities } from '../../src/service/linux-capabilities.ts';

/** include/linux/uidgid.h: what /proc/self/uid_map says in the initial user namespace. */
const ALL_USERS = /^\s*0\s+0\s+4294967295\s*$/;

/**
 * Why the live tests cannot run here; false when they can. Inspects the machine and never the sidecar: a sidecar that does
 * not start where it could must fail the tests, not skip them.
 */
export function whyNotLive(): string | false {
  if (process.getuid?.() !== 0) return 'needs root: loading BPF programs is privileged';
  if (!ALL_USERS.test(readFileSync('/proc/self/uid_map', 'utf8'))) {
    return 'needs the initial user namespace: root of another one may load no BPF programs';
  }
  const missing = ownLinuxCapabilities().missing.filter(({ required }) => required);
  if (missing.length > 0) return `needs ${missing.map(({ name }) => name).join(' and ')}`;
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'needs a kernel with BTF: /sys/kernel/btf/vmlinux';
  return false;
}
