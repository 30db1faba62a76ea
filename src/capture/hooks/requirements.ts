import { existsSync } from 'node:fs';
import { MemwardenError } from '../../errors.ts';
import { hintOr } from '../../files/file-refusal.ts';
import { assertReadable } from '../../files/read-file.ts';
import type { Libbpf } from '../../native/libbpf.ts';
import type { CaptureOptions } from '../options.ts';
import type { PinDirectory } from '../pinning/pin-directory.ts';
import { BpfObject, RefusedError } from './bpf-object.ts';
import type { CapabilityReport } from './ladders/ladder.ts';
import { lockdownMode } from './lockdown.ts';

/** Where libbpf looks by default. */
const BTF_PATH = '/sys/kernel/btf/vmlinux';

/** Exists wherever sysfs is mounted, also on a kernel without type information. */
const SYSFS_KERNEL = '/sys/kernel/notes';

/** Errors that have one known cause, and what to do about it. */
const ADVICE: readonly (readonly [answer: RegExp, advice: string])[] = [
  [
    /attach: EACCES/,
    'choose capture.hook=auto, or grant CAP_SYS_ADMIN or set kernel.perf_event_paranoid=2: above 2, Debian refuses kprobes and tracepoints without it',
  ],
  [
    /attach: ENOTSUPP/,
    'choose capture.hook=auto: this kernel cannot attach programs to its functions (on arm64, Linux 6.4 and newer can)',
  ],
  [
    /did not see its canary/,
    'choose capture.hook=auto, or boot with bpf in lsm=: without it programs of kind lsm are never called',
  ],
];

/** @throws MemwardenError CAPTURE_UNAVAILABLE */
export function assertBtf(path: string): void {
  try {
    assertReadable(path);
  } catch (cause) {
    throw new MemwardenError(
      'CAPTURE_UNAVAILABLE',
      `failed to read the kernel's type information ${path}: ${cause instanceof Error ? cause.message : cause}`,
      hintOr(
        cause,
        existsSync(SYSFS_KERNEL)
          ? 'the kernel must be built with CONFIG_DEBUG_INFO_BTF=y (Debian 11, Ubuntu 20.10, RHEL 8.2 and newer are); ls /sys/kernel/btf/vmlinux'
          : 'mount sysfs: mount -t sysfs sysfs /sys',
      ),
      { cause },
    );
  }
}

/**
 * Nobody but a trusted user may be able to write the BPF object, since it is loaded into the kernel.
 * @throws MemwardenError CAPTURE_OBJECT_INVALID
 */
function assertObject(path: string): void {
  try {
    assertReadable(path);
  } catch (cause) {
    throw new MemwardenError(
      'CAPTURE_OBJECT_INVALID',
      `failed to open the BPF object ${path}: ${cause instanceof Error ? cause.message : cause}`,
      hintOr(cause, 'build it: npm run build:bpf'),
      { cause },
    );
  }
}

/** @throws MemwardenError CAPTURE_UNAVAILABLE, CAPTURE_OBJECT_INVALID */
export function openObject(
  libbpf: Libbpf,
  options: CaptureOptions,
  pins: PinDirectory | undefined,
): BpfObject {
  assertObject(options.objectPath);
  const btfPath = options.btfPath === BTF_PATH ? undefined : options.btfPath;
  try {
    return new BpfObject(libbpf, {
      path: options.objectPath,
      btfPath,
      ringBytes: options.ringBufferBytes,
      pins,
    });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new MemwardenError(
      'CAPTURE_UNAVAILABLE',
      `failed to load the BPF object: ${error.message}`,
      'run it as root, or with CAP_BPF and CAP_PERFMON; memwarden doctor reports what is missing',
      { cause: error },
    );
  }
}

/** The error for a capability without a hook: names it, each attempt and its reason. */
export function unavailable({ capability, attempts }: CapabilityReport): MemwardenError {
  const tried = attempts.map(({ program, outcome, reason }) => `  ${program}: ${outcome}: ${reason}`);
  const head = `failed to watch ${capability}: no hook of this kernel could be used; tried:`;
  return new MemwardenError(
    'CAPTURE_UNAVAILABLE',
    tried.length === 0 ? `${head} nothing` : [head, ...tried],
    adviceFor(tried.join('\n')),
  );
}

function adviceFor(tried: string): string {
  if (lockdownMode() === 'confidentiality')
    return 'boot with lockdown=integrity: under lockdown=confidentiality no BPF program may read the memory of the kernel';
  return (
    ADVICE.find(([answer]) => answer.test(tried))?.[1] ?? 'run memwarden doctor, which looks for the cause'
  );
}
