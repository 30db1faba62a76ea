import type { HookName } from '../../src/capture/event.ts';
import type { Architecture } from './apt.ts';
import { CONDITIONS, type Condition, type Ending } from './conditions.ts';
import { KERNEL_SERIES, type KernelSeries, type PageKiB } from './kernels.ts';

export type HookChoice = HookName | 'auto';

/** One boot: a kernel, a choice of hook, a condition, and the expected result of the start. */
export interface Cell {
  /** Unique, also as the name of a file. */
  readonly id: string;
  readonly series: KernelSeries;
  readonly architecture: Architecture;
  readonly pageKiB: PageKiB;
  readonly hook: HookChoice;
  readonly condition: Condition | undefined;
  readonly ending: Ending;
  /** Limits of this hook on this kernel: an attack that they hide is not a failure. */
  readonly limits: readonly KernelLimit[];
}

export interface KernelLimit {
  /** Attacks it hides, by name. */
  readonly scenarios: RegExp;
  readonly reason: string;
}

export const HOOK_CHOICES: readonly HookChoice[] = ['auto', 'lsm', 'fentry', 'kprobe', 'tracepoint'];
const ARM64_SERIES: readonly KernelSeries[] = ['6.1', '6.12', 'newest'];

const NO_TRAMPOLINE: Ending = {
  answer: /attach: ENOTSUPP/,
  advice: /choose capture.hook=auto/,
  cause: 'BPF trampolines came to arm64 with 6.4',
};

function endingOn(architecture: Architecture, series: KernelSeries, hook: HookChoice): Ending {
  if (architecture === 'arm64' && series === '6.1') {
    if (hook === 'auto') return { hook: 'kprobe' };
    if (hook === 'lsm' || hook === 'fentry') return NO_TRAMPOLINE;
  }
  return { hook: hook === 'auto' ? 'lsm' : hook };
}

function limitsOf(series: KernelSeries, hook: HookChoice): readonly KernelLimit[] {
  if (series !== '5.10' || hook !== 'tracepoint') return [];
  return [
    { scenarios: /^io_uring/, reason: 'io_uring_complete names no request before 5.18 (502c87d65564)' },
    { scenarios: /^(mmap|mprotect)/, reason: 'no bpf_find_vma before 5.17 (7c7e3d31e785)' },
  ];
}

function hookCells(architecture: Architecture, series: KernelSeries, pageKiB: PageKiB = 4): Cell[] {
  return HOOK_CHOICES.map(hook => ({
    id: [series, architecture, ...(pageKiB === 4 ? [] : [`${pageKiB}k`]), hook].join('-'),
    series,
    architecture,
    pageKiB,
    hook,
    condition: undefined,
    ending: endingOn(architecture, series, hook),
    limits: limitsOf(series, hook),
  }));
}

function conditionCells(condition: Condition): Cell[] {
  return condition.kernels.flatMap(series =>
    (Object.entries(condition.endings) as [HookChoice, Ending][]).map(([hook, ending]) => ({
      id: `${series}-amd64-${hook}-${condition.name}`,
      series,
      architecture: 'amd64' as const,
      pageKiB: 4 as const,
      hook,
      condition,
      ending,
      limits: [],
    })),
  );
}

/** The whole matrix. */
export const CELLS: readonly Cell[] = [
  ...KERNEL_SERIES.flatMap(series => hookCells('amd64', series)),
  ...ARM64_SERIES.flatMap(series => hookCells('arm64', series)),
  ...hookCells('arm64', '6.12', 16),
  ...CONDITIONS.flatMap(conditionCells),
];

/** For example `6.12 arm64 16k lsm, cgroup v2`. */
export function titleOf({ series, architecture, pageKiB, hook, condition }: Cell): string {
  const pages = pageKiB === 4 ? '' : ` ${pageKiB} KiB pages`;
  return `${series} ${architecture}${pages} ${hook}${condition === undefined ? '' : `, ${condition.meaning}`}`;
}
