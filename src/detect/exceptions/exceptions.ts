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

/** The rules that come with memwarden: debuggers and JIT compilers that are known to be good. */
export const SHIPPED_EXCEPTIONS = fileURLToPath(new URL('../../../config/exceptions.yaml', import.meta.url));

/** What is known to be good, and what becomes of it. */
export interface Exceptions {
  /** In the order in which they are tried. */
  readonly rules: readonly ExceptionRule[];
  /** How many detections each rule has dropped or lowered, by name; kept over a reload. */
  readonly counts: ReadonlyMap<string, number>;
  /** The first rule that a detection meets; counts nothing. */
  match(detection: Detection): ExceptionRule | undefined;
  /** The detection, lowered where a rule says so; undefined when one drops it. */
  apply(detection: Detection): Detection | undefined;
  /**
   * Read the files again. When one is broken the rules stay as they are, and the reason is logged.
   *
   * @returns whether the rules are those of the files now
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

/** Everything that is wrong with a file of exceptions; empty when it can be used. */
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
 * Load the rules of files of exceptions. They are tried in order, first file first, and the first that matches decides:
 * what is more special goes first.
 *
 * @throws {MemwardenError} EXCEPTIONS_INVALID with every problem, its file, line and column.
 */
export function loadExceptions(files: readonly string[]): Exceptions {
  let rules = readRules(files);
  let candidates = new RulesByProcess(rules);
  const counts = new Map(rules.map(({ name }) => [name, 0]));
  const failed = new Set<string>();

  function meets(rule: ExceptionRule, bindings: Bindings): boolean {
    try {
      return rule.condition.test(bindings);
    } catch (error) {
      // Told once: a condition that fails on one detection fails on many. What cannot be judged is not known good.
      if (!failed.has(rule.name))
        log.warn(`failed to evaluate rule "${rule.name}" of ${rule.file}: ${error}`);
      failed.add(rule.name);
      return false;
    }
  }

  function match(detection: Detection): ExceptionRule | undefined {
    // in a storm there are mostly no candidates, and nothing to be bound for them
    let bindings: Bindings | undefined;
    const meetsIt = (rule: ExceptionRule) => {
      bindings ??= bindVariables(detection);
      return meets(rule, bindings);
    };
    return candidates.of(detection, meetsIt).find(meetsIt);
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
      candidates = new RulesByProcess(rules);
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
