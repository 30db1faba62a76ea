import type { Severity } from '../detection.ts';
import type { Condition } from './condition.ts';

/** One exception: detections that are known to be good. */
export interface ExceptionRule {
  readonly name: string;
  /** Why they are good; empty when nobody said. */
  readonly description: string;
  /** File that the rule is from. */
  readonly file: string;
  /** Names of the events it is about; undefined for all. */
  readonly events: ReadonlySet<string> | undefined;
  readonly condition: Condition;
  /** Not told at all, or told with at most this severity. */
  readonly action: 'drop' | Severity;
}

/** Why a file of exceptions cannot be used, and where. Lines and columns count from 1. */
export interface ExceptionProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Name of the rule; undefined when the problem is outside of any, or the rule has no name. */
  readonly rule: string | undefined;
  readonly reason: string;
}

/** A problem as one line for a person, with its place first as compilers have it. */
export function describeProblem({ file, line, column, rule, reason }: ExceptionProblem): string {
  return `${file}:${line}:${column}: ${rule === undefined ? '' : `rule "${rule}": `}${reason}`;
}
