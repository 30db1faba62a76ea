import type { Check } from './check.ts';

export interface PreemptionSources {
  /** `uname -v`. */
  readonly version: string;
  /** /sys/kernel/debug/sched/preempt: the modes, the one in use in brackets. */
  readonly scheduler: string | undefined;
  /** /proc/cmdline. */
  readonly commandLine: string | undefined;
  /** What the kernel was built with. */
  readonly config: string | undefined;
}

/**
 * How the kernel preempts a task that is inside it: `none` and `voluntary` do not where a program runs. Undefined: not
 * to be known here.
 */
export function preemptionOf({
  version,
  scheduler,
  commandLine,
  config,
}: PreemptionSources): string | undefined {
  const chosen = /\((\w+)\)/.exec(scheduler ?? '')?.[1];
  if (chosen !== undefined) return chosen;
  if (/\bPREEMPT_RT\b/.test(version)) return 'realtime';
  if (/\bPREEMPT\b/.test(version)) return 'full';
  if (!version.includes('PREEMPT')) return 'none';
  // a word that this kernel does not know is ignored by it
  if (commandLine === undefined || /(^|\s)preempt=/.test(commandLine)) return undefined;
  const built = /^CONFIG_PREEMPT(_NONE|_VOLUNTARY|_LAZY)?=y$/m.exec(config ?? '');
  return built === null ? undefined : (built[1]?.slice(1).toLowerCase() ?? 'full');
}

/** @param mode of `preemptionOf` */
export function preemptionCheck(mode: string | undefined): Check {
  const name = 'preemption';
  if (mode === undefined) return { name, status: 'ok', detail: 'unknown' };
  if (mode === 'none' || mode === 'voluntary') return { name, status: 'ok', detail: mode };
  return {
    name,
    status: 'warning',
    detail: `${mode}: on a CPU where a task was preempted inside a tracing program, the kernel skips that program`,
    advice: 'watch the metric memwarden.hook.skipped; --set capture.hook=kprobe avoids it',
  };
}
