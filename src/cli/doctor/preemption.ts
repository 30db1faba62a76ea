import type { Check } from './check.ts';

export interface PreemptionSources {
  /** `uname -v`. */
  readonly version: string;
  /** /sys/kernel/debug/sched/preempt: the modes, the one in use in brackets. */
  readonly scheduler: string | undefined;
  /** /proc/cmdline. */
  readonly commandLine: string | undefined;
  /** The build configuration: /proc/config.gz or /boot/config-*. */
  readonly config: string | undefined;
}

/**
 * The preemption mode of the kernel. With `none` and `voluntary` a task is not preempted inside a BPF program.
 * @returns undefined where the mode cannot be found out
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
  // the kernel ignores a value of preempt= that it does not know, so the command line does not say the mode
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
