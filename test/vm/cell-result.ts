import type { Verdict } from '../live/judge.ts';

/** One attack or one harmless program in one cell. */
export interface TestResult {
  readonly name: string;
  readonly status: Verdict['status'];
  readonly reasons: readonly string[];
}

/**
 * What came of one boot. `refused`: the kernel does not give the hook, as is known of it, and the sidecar said so and did
 * not start. `unavailable`: no such kernel could be had, or no emulator for it.
 */
export interface CellResult {
  readonly cell: string;
  /** As `uname -r` says it; undefined when there was no kernel. */
  readonly release: string | undefined;
  readonly status: 'passed' | 'failed' | 'refused' | 'unavailable';
  /** What is wrong with the boot as a whole, or why it was refused or not to be had. */
  readonly reason: string | undefined;
  /** Hook in use per capability. */
  readonly hooks: Readonly<Record<string, string>>;
  readonly tests: readonly TestResult[];
  readonly millis: number;
}
