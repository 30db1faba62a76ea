import type { Observation } from '../live/attack.ts';

/** A line that the guest's suite prints. */
export type Report =
  | { readonly kind: 'ready'; readonly hooks: Readonly<Record<string, string>> }
  /** The sidecar did not start, and said why. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'observed'; readonly scenario: string; readonly observation: Observation }
  | { readonly kind: 'skipped'; readonly scenario: string; readonly reason: string }
  /** The attack itself or the wait for its records failed. */
  | { readonly kind: 'broken'; readonly scenario: string; readonly reason: string }
  | { readonly kind: 'ended'; readonly exitCode: number | null; readonly diagnostics: string };
