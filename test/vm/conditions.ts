import type { HookName } from '../../src/capture/event.ts';
import type { KernelSeries } from './kernels.ts';
import type { Refusal } from './refusal.ts';

/** How a start ends: with this hook for file opens, or refused by the kernel. */
export type Ending = { readonly hook: HookName } | Refusal;

/** A host that restricts the sidecar, and the expected result. */
export interface Condition {
  readonly name: string;
  readonly meaning: string;
  readonly kernels: readonly KernelSeries[];
  /** Words for the kernel's command line. */
  readonly kernelWords?: readonly string[];
  /** Shell script that prepares the guest. */
  readonly prepare?: string;
  /** Command that starts the sidecar with less than root has. */
  readonly sidecarPrefix?: readonly string[];
  /** Attributes that every expected record must have beside its own. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** The expected result of each choice of hook. */
  readonly endings: Partial<Readonly<Record<HookName | 'auto', Ending>>>;
}

const KERNELS: readonly KernelSeries[] = ['6.1', 'newest'];
/** What `docker run` would call it. */
const CONTAINER_ID = '4f0c2a7d9be81635'.repeat(4);
const LSM: Ending = { hook: 'lsm' };

/** `setpriv` for root with nothing but these capabilities: across execve root's permitted set is the bounding set. */
function only(...capabilities: readonly string[]): string[] {
  return [
    'setpriv',
    '--inh-caps=-all',
    `--bounding-set=-all,${capabilities.map(name => `+${name}`).join(',')}`,
    '--',
  ];
}

export const CONDITIONS: readonly Condition[] = [
  {
    name: 'no-bpf-lsm',
    meaning: '`bpf` is not in the LSM list',
    kernels: KERNELS,
    kernelWords: ['lsm=lockdown,capability,yama,apparmor'],
    // the program loads and attaches, but is never called: only the canary shows that
    endings: {
      auto: { hook: 'fentry' },
      lsm: {
        answer: /did not see its canary/,
        advice: /boot with bpf in lsm=/,
        cause: 'the kernel never calls it',
      },
    },
  },
  {
    name: 'confidentiality',
    meaning: '`lockdown=confidentiality`',
    kernels: KERNELS,
    kernelWords: ['lockdown=confidentiality'],
    endings: {
      auto: {
        answer: /unknown func bpf_probe_read|cannot use helper bpf_probe_read/,
        advice: /boot with lockdown=integrity/,
        cause: 'no program may read the memory of the kernel',
      },
    },
  },
  {
    name: 'no-sys-admin',
    meaning: '`kernel.perf_event_paranoid=3`, no CAP_SYS_ADMIN',
    kernels: KERNELS,
    prepare: 'sysctl -w kernel.perf_event_paranoid=3',
    sidecarPrefix: ['setpriv', '--inh-caps=-all', '--bounding-set=-sys_admin', '--'],
    endings: {
      auto: LSM,
      kprobe: {
        answer: /attach: EACCES/,
        advice: /CAP_SYS_ADMIN/,
        cause: 'kprobes ask for CAP_SYS_ADMIN then',
      },
    },
  },
  {
    name: 'four-capabilities',
    meaning: 'CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH only',
    kernels: KERNELS,
    sidecarPrefix: only('bpf', 'perfmon', 'sys_ptrace', 'dac_read_search'),
    endings: { auto: LSM },
  },
  {
    name: 'cgroup-v1',
    meaning: 'cgroup v1, attacker in a container',
    kernels: KERNELS,
    prepare: `
mount -t tmpfs cgroup /sys/fs/cgroup
for controller in cpu,cpuacct memory pids freezer devices; do
	mkdir "/sys/fs/cgroup/$controller"
	mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" || rmdir "/sys/fs/cgroup/$controller"
done
for hierarchy in /sys/fs/cgroup/*; do
	mkdir -p "$hierarchy/docker/${CONTAINER_ID}"
	echo $$ >"$hierarchy/docker/${CONTAINER_ID}/cgroup.procs"
done`,
    attributes: { 'container.id': CONTAINER_ID },
    endings: { auto: LSM },
  },
  {
    name: 'cgroup-v2',
    meaning: 'cgroup v2, attacker in a container',
    kernels: KERNELS,
    prepare: `
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/system.slice/docker-${CONTAINER_ID}.scope
echo $$ >/sys/fs/cgroup/system.slice/docker-${CONTAINER_ID}.scope/cgroup.procs`,
    attributes: { 'container.id': CONTAINER_ID },
    endings: { auto: LSM },
  },
  {
    name: 'ptrace-scope-1',
    meaning: '`kernel.yama.ptrace_scope=1`',
    kernels: KERNELS,
    prepare: 'sysctl -w kernel.yama.ptrace_scope=1',
    endings: { auto: LSM },
  },
  {
    name: 'ptrace-scope-2',
    meaning: '`kernel.yama.ptrace_scope=2`',
    kernels: KERNELS,
    prepare: 'sysctl -w kernel.yama.ptrace_scope=2',
    endings: { auto: LSM },
  },
];
