import { fileURLToPath } from 'node:url';
import { diag } from '@opentelemetry/api';
import { MemwardenError } from '../../errors.ts';
import { listed } from '../../printing/listed.ts';
import { readYaml, unreadable } from '../../yaml/read-yaml.ts';
import type { YamlText } from '../../yaml/yaml-text.ts';
import type { Detection, Severity } from '../detection.ts';
import { type ParsedExceptions, parseExceptions } from './exceptions-file.ts';
import { describeProblem, type ExceptionProblem, type ExceptionRule } from './rule.ts';
import { RulesByProcess } from './rules-by-process.ts';
import { type Bindings, bindVariables } from './variables.ts';

const log = diag.createComponentLogger({ namespace: 'exceptions' });

/** The rules shipped with memwarden, for well-known debuggers and JIT compilers. */
export const SHIPPED_EXCEPTIONS = fileURLToPath(new URL('../../../config/exceptions.yaml', import.meta.url));

/** The rules in force, and how often each has matched. */
export interface Exceptions {
  /** In the order in which they are tried. */
  readonly rules: readonly ExceptionRule[];
  /** How many detections each rule has dropped or lowered, by name; kept over a reload. */
  readonly counts: ReadonlyMap<string, number>;
  /** The first rule that matches a detection; does not count the match. */
  match(detection: Detection): ExceptionRule | undefined;
  /** The detection, with a lower severity if a rule says so; undefined if a rule drops it. Counts the match. */
  apply(detection: Detection): Detection | undefined;
  /**
   * Read the files again. If one of them is invalid the rules stay as they are, and the reason is logged.
   *
   * @returns whether the rules now come from the files as they are
   */
  reload(): boolean;
}

function parseFile(file: string): ParsedExceptions {
  let yaml: YamlText;
  try {
    yaml = readYaml(file);
  } catch (error) {
    const reason = unreadable(error);
    return { rules: [], problems: [{ file, line: 1, column: 1, rule: undefined, reason }] };
  }
  return parseExceptions(file, yaml);
}

/** The problems of an exceptions file; empty when it is valid. */
export function checkExceptionsFile(file: string): readonly ExceptionProblem[] {
  return parseFile(file).problems;
}

function readRules(files: readonly string[]): readonly ExceptionRule[] {
  const parsed = files.map(parseFile);
  const problems = parsed.flatMap(({ problems }) => problems);
  const [first, ...others] = listed(problems.map(describeProblem));
  if (first !== undefined)
    throw new MemwardenError(
      'EXCEPTIONS_INVALID',
      [`failed to load exceptions: ${first}`, ...others],
      '`memwarden exceptions check FILE` after each change',
    );
  return parsed.flatMap(({ rules }) => rules);
}

/**
 * Load the rules of exceptions files. They are tried in order, first file first, and the first that matches decides, so
 * specific rules must come before general ones.
 *
 * @throws {MemwardenError} EXCEPTIONS_INVALID with every problem, its file, line and column.
 */
export function loadExceptions(files: readonly string[]): Exceptions {
  let rules = readRules(files);
  let rulesByProcess = new RulesByProcess(rules);
  const counts = new Map(rules.map(({ name }) => [name, 0]));
  const failed = new Set<string>();

  function meets(rule: ExceptionRule, bindings: Bindings): boolean {
    try {
      return rule.condition.test(bindings);
    } catch (error) {
      // Logged once, since a condition that fails on one detection fails on many. The detection is reported.
      if (!failed.has(rule.name))
        log.warn(`failed to evaluate rule "${rule.name}" of ${rule.file}: ${error}`);
      failed.add(rule.name);
      return false;
    }
  }

  function match(detection: Detection): ExceptionRule | undefined {
    // most detections of a storm have no rule left to test, and then need no bindings
    let bindings: Bindings | undefined;
    const meetsIt = (rule: ExceptionRule) => {
      bindings ??= bindVariables(detection);
      return meets(rule, bindings);
    };
    return rulesByProcess.of(detection, meetsIt).find(meetsIt);
  }

  function apply(detection: Detection): Detection | undefined {
    const rule = match(detection);
    if (rule === undefined) return detection;
    counts.set(rule.name, (counts.get(rule.name) ?? 0) + (detection.repeat?.count ?? 1));
    if (rule.action === 'drop') return undefined;
    const severity = Math.min(rule.action, detection.severity) as Severity;
    return { ...detection, severity, exception: rule.name };
  }

  function reload(): boolean {
    try {
      rules = readRules(files);
      rulesByProcess = new RulesByProcess(rules);
      for (const { name } of rules) counts.set(name, counts.get(name) ?? 0);
      failed.clear();
      log.info(`${rules.length} exceptions are in force`);
      return true;
    } catch (error) {
      if (!(error instanceof MemwardenError)) throw error;
      log.error(`${error.message.replaceAll('\n', ' ')}; the rules from before stay in force`);
      return false;
    }
  }

  return {
    get rules() {
      return rules;
    },
    counts,
    match,
    apply,
    reload,
  };
}
