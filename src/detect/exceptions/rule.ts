import type { Severity } from '../detection.ts';
import type { Condition } from './condition.ts';

/** One exception: detections that are known to be legitimate. */
export interface ExceptionRule {
  readonly name: string;
  /** Why they are legitimate; empty when not given. */
  readonly description: string;
  /** File that the rule is from. */
  readonly file: string;
  /** Names of the events to which the rule applies; undefined: all. */
  readonly events: ReadonlySet<string> | undefined;
  readonly condition: Condition;
  /** Do not report the detection, or report it with at most this severity. */
  readonly action: 'drop' | Severity;
}

/** Why an exceptions file is invalid, and where. Lines and columns count from 1. */
export interface ExceptionProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Name of the rule; undefined when the problem is outside of a rule, or the rule has no name. */
  readonly rule: string | undefined;
  readonly reason: string;
}

/** A problem as one line in the format of a compiler's error: `file:line:column: reason`. */
export function describeProblem({ file, line, column, rule, reason }: ExceptionProblem): string {
  return `${file}:${line}:${column}: ${rule === undefined ? '' : `rule "${rule}": `}${reason}`;
}
