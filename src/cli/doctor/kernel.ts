import { readFileSync, statSync } from 'node:fs';
import { machine, release, version } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { lockdownMode } from '../../capture/hooks/lockdown.ts';
import type { Settings } from '../../config/index.ts';
import { quoted } from '../../printing/printable.ts';
import { assertDescriptors, ownDescriptorLimit } from '../../service/descriptors.ts';
import {
  howToGrant,
  type LinuxCapabilityStatus,
  ownLinuxCapabilities,
} from '../../service/linux-capabilities.ts';
import { type Check, failedCheck } from './check.ts';
import { preemptionCheck, preemptionOf } from './preemption.ts';

/** Version and features of the kernel, and the rights of this process. Loads nothing into the kernel. */
export function kernelChecks({ btfPath, objectPath }: Settings['capture']): readonly Check[] {
  return [
    { name: 'kernel', status: 'ok', detail: `${release()} ${machine()}` },
    preemption(),
    btf(btfPath),
    lsm(),
    lockdown(),
    paranoid(),
    capabilities(),
    descriptors(),
    bpfObject(objectPath),
  ];
}

function preemption(): Check {
  return preemptionCheck(
    preemptionOf({
      version: version(),
      scheduler: textOf('/sys/kernel/debug/sched/preempt'),
      commandLine: textOf('/proc/cmdline'),
      config: gunzipped('/proc/config.gz') ?? textOf(`/boot/config-${release()}`),
    }),
  );
}

function btf(path: string): Check {
  const size = sizeOf(path);
  return size === undefined
    ? {
        name: 'BTF',
        status: 'failed',
        detail: `${quoted(path)} cannot be read`,
        advice:
          'boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, or name a BTF file with --set capture.btfPath=FILE',
      }
    : { name: 'BTF', status: 'ok', detail: `${quoted(path)}, ${size} bytes` };
}

function lsm(): Check {
  const modules = quotedText('/sys/kernel/security/lsm');
  if (modules === undefined) {
    return {
      name: 'LSM',
      status: 'warning',
      detail: '/sys/kernel/security/lsm cannot be read',
      advice: 'mount -t securityfs none /sys/kernel/security',
    };
  }
  if (modules.split(',').includes('bpf')) return { name: 'LSM', status: 'ok', detail: modules };
  return {
    name: 'LSM',
    status: 'warning',
    detail: `${modules}: without bpf, lsm hooks deliver nothing and the next kind is taken`,
    advice: `boot with lsm=${modules},bpf`,
  };
}

function lockdown(): Check {
  const mode = lockdownMode() ?? 'none';
  return mode === 'confidentiality'
    ? {
        name: 'lockdown',
        status: 'failed',
        detail: 'confidentiality: the kernel refuses to let BPF programs read its memory',
        advice: 'boot with lockdown=integrity',
      }
    : { name: 'lockdown', status: 'ok', detail: mode };
}

/** Debian's level 3 refuses kprobes and classic tracepoints without CAP_SYS_ADMIN. */
function paranoid(): Check {
  const level = quotedText('/proc/sys/kernel/perf_event_paranoid') ?? 'unknown';
  return { name: 'perf_event_paranoid', status: 'ok', detail: level };
}

function capabilities(): Check {
  const name = 'capabilities';
  let status: LinuxCapabilityStatus;
  try {
    status = ownLinuxCapabilities();
  } catch (error) {
    return failedCheck(name, error);
  }
  const { held, missing } = status;
  const names = held.map(({ name }) => name).join(' ') || 'none of those needed';
  if (missing.length === 0) return { name, status: 'ok', detail: names };
  const lacking = missing.map(({ name, purpose }) => `${name} (to ${purpose})`).join(', ');
  return {
    name,
    status: missing.some(({ required }) => required) ? 'failed' : 'warning',
    detail: `${names}; missing: ${lacking}`,
    advice: howToGrant(missing).join('\n'),
  };
}

function descriptors(): Check {
  const name = 'open files';
  try {
    const limit = ownDescriptorLimit();
    assertDescriptors(limit);
    return { name, status: 'ok', detail: `${limit} at most` };
  } catch (error) {
    return failedCheck(name, error);
  }
}

function bpfObject(path: string): Check {
  const size = sizeOf(path);
  return size === undefined
    ? {
        name: 'BPF object',
        status: 'failed',
        detail: `${quoted(path)} cannot be read`,
        advice: 'npm run build:bpf',
      }
    : { name: 'BPF object', status: 'ok', detail: `${quoted(path)}, ${size} bytes` };
}

/** For the detail of a check, in which a line feed starts a new line. */
function quotedText(path: string): string | undefined {
  const text = textOf(path);
  return text === undefined ? undefined : quoted(text);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // the kernel lacks the feature, or the file system is not mounted; the caller reports either
    return undefined;
  }
}

function gunzipped(path: string): string | undefined {
  try {
    return gunzipSync(readFileSync(path)).toString();
  } catch {
    // needs CONFIG_IKCONFIG_PROC
    return undefined;
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
