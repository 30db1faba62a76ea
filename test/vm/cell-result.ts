import type { Verdict } from '../live/judge.ts';

/** One attack or one harmless program in one cell. */
export interface TestResult {
  readonly name: string;
  readonly status: Verdict['status'];
  readonly reasons: readonly string[];
}

/**
 * The result of one boot. `refused`: the kernel refuses the hook, as expected, and the sidecar reported that and did not
 * start. `unavailable`: there is no such kernel, or no emulator for it.
 */
export interface CellResult {
  readonly cell: string;
  /** As `uname -r` says it; undefined when there was no kernel. */
  readonly release: string | undefined;
  readonly status: 'passed' | 'failed' | 'refused' | 'unavailable';
  /** What is wrong with the boot as a whole, or why it was refused or unavailable. */
  readonly reason: string | undefined;
  /** Hook in use per capability. */
  readonly hooks: Readonly<Record<string, string>>;
  readonly tests: readonly TestResult[];
  readonly millis: number;
}
