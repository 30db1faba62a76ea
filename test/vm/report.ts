import type { Observation } from '../live/judge.ts';

/** A line that the guest's suite prints. */
export type Report =
  | { readonly kind: 'ready'; readonly hooks: Readonly<Record<string, string>> }
  /** The sidecar did not start; its reason. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'observed'; readonly name: string; readonly observation: Observation }
  /** A benign program ended well; `high` are the sentences of the HIGH records about it. */
  | { readonly kind: 'benign'; readonly name: string; readonly high: readonly string[] }
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: string }
  /** The attack or the program itself or the wait for its records failed. */
  | { readonly kind: 'broken'; readonly name: string; readonly reason: string }
  | { readonly kind: 'ended'; readonly exitCode: number | null; readonly diagnostics: string };
