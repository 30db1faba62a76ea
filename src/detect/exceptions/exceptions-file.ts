import { isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import { textOf, type YamlText } from '../../yaml/yaml-text.ts';
import type { Severity } from '../detection.ts';
import { SIGNATURES } from '../signatures/index.ts';
import { type Condition, ConditionError, compileCondition } from './condition.ts';
import type { ExceptionProblem, ExceptionRule } from './rule.ts';
import { offsetOfScalarCharacter } from './scalar-position.ts';

const KEYS = ['name', 'description', 'events', 'when', 'action', 'severity'] as const;
type Key = (typeof KEYS)[number];

const EVENT_NAMES: ReadonlySet<string> = new Set(SIGNATURES.map(({ definition }) => definition.eventName));

/** Rules and problems of one file; the rules may be used only if there are no problems. */
export interface ParsedExceptions {
  readonly rules: readonly ExceptionRule[];
  readonly problems: readonly ExceptionProblem[];
}

function isSeverity(value: unknown): value is Severity {
  return value === 0 || value === 1 || value === 2 || value === 3;
}

/** Reads one file. It goes on after a problem, so that the user sees all problems at once. */
class Reader {
  readonly problems: ExceptionProblem[] = [];
  readonly rules: ExceptionRule[] = [];
  readonly #file: string;
  readonly #yaml: YamlText;

  constructor(file: string, yaml: YamlText) {
    this.#file = file;
    this.#yaml = yaml;
  }

  read(): void {
    const { contents, faults } = this.#yaml;
    for (const { line, column, reason } of faults)
      this.problems.push({ file: this.#file, line, column, rule: undefined, reason });
    // no content, or only comments
    if (faults.length > 0 || contents === undefined) return;
    if (isScalar(contents) && contents.value === null) return;
    if (!isMap(contents)) {
      this.#report(contents, 'the file must have one key, exceptions, with a list of rules');
      return;
    }
    for (const { key } of contents.items)
      if (!isScalar(key) || key.value !== 'exceptions')
        this.#report(key as Node, `${String(key)} is unknown here; the only key is exceptions`);
    const rules = contents.get('exceptions', true) as Node | undefined;
    if (isSeq(rules)) for (const rule of rules.items) this.#readRule(rule as Node);
    else if (rules !== undefined && !(isScalar(rules) && rules.value === null))
      this.#report(rules, 'exceptions must be a list of rules');
  }

  #report(place: Node | number | null | undefined, reason: string, rule?: string): void {
    const offset = typeof place === 'number' ? place : (place?.range?.[0] ?? 0);
    this.problems.push({ file: this.#file, ...this.#yaml.positionOf(offset), rule, reason });
  }

  #readRule(node: Node): void {
    if (!isMap(node)) {
      this.#report(node, `a rule must have ${KEYS.join(', ')}`);
      return;
    }
    const before = this.problems.length;
    const name = this.#words(node, 'name', undefined);
    if (name === '') this.#report(node, 'a rule must have a name');
    for (const { key } of node.items)
      if (!isScalar(key) || !(KEYS as readonly unknown[]).includes(key.value))
        this.#report(key as Node, `${String(key)} is unknown in a rule; there are ${KEYS.join(', ')}`, name);
    if (this.rules.some(rule => rule.name === name))
      this.#report(node.get('name', true) as Node, 'another rule has this name', name);
    const description = this.#words(node, 'description', name);
    const events = this.#events(node, name);
    const condition = this.#condition(node, name);
    const action = this.#action(node, name);
    if (this.problems.length > before || condition === undefined || action === undefined) return;
    this.rules.push({ name, description, file: this.#file, events, condition, action });
  }

  #node(rule: YAMLMap, key: Key): Node | undefined {
    return (rule.get(key, true) ?? undefined) as Node | undefined;
  }

  #words(rule: YAMLMap, key: Key, name: string | undefined): string {
    const node = this.#node(rule, key);
    if (node === undefined) return '';
    if (isScalar(node) && node.value !== null) return textOf(node).trim();
    this.#report(node, `${key} must be a text`, name);
    return '';
  }

  #events(rule: YAMLMap, name: string): ReadonlySet<string> | undefined {
    const node = this.#node(rule, 'events');
    if (node === undefined) return undefined;
    if (!isSeq(node) || node.items.length === 0) {
      this.#report(node, 'events must be a list of event names', name);
      return undefined;
    }
    const known = [...EVENT_NAMES].join(', ');
    for (const item of node.items)
      if (!isScalar(item) || !EVENT_NAMES.has(textOf(item)))
        this.#report(item as Node, `there is no event ${String(item)}; there are ${known}`, name);
    return new Set(node.items.map(item => (isScalar(item) ? textOf(item) : String(item))));
  }

  #condition(rule: YAMLMap, name: string): Condition | undefined {
    const node = this.#node(rule, 'when');
    if (!isScalar(node) || typeof node.value !== 'string') {
      this.#report(node ?? rule, 'when must be a condition in CEL', name);
      return undefined;
    }
    try {
      return compileCondition(node.value);
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      this.#report(
        offsetOfScalarCharacter(this.#yaml.text, node as Scalar, error.offset),
        error.message,
        name,
      );
      return undefined;
    }
  }

  #action(rule: YAMLMap, name: string): ExceptionRule['action'] | undefined {
    const action = this.#node(rule, 'action');
    const severity = this.#node(rule, 'severity');
    if ((action === undefined) === (severity === undefined)) {
      this.#report(rule, 'a rule must have either action: drop, or severity', name);
      return undefined;
    }
    const value = isScalar(severity ?? action) ? ((severity ?? action) as Scalar).value : undefined;
    if (action !== undefined && value !== 'drop') this.#report(action, 'the only action is drop', name);
    if (severity !== undefined && !isSeverity(value))
      this.#report(severity, 'severity must be 0, 1, 2 or 3', name);
    return value === 'drop' || isSeverity(value) ? value : undefined;
  }
}

/** Parses an exceptions file. Never throws because of its content: the content's errors are returned as `problems`. */
export function parseExceptions(file: string, yaml: YamlText): ParsedExceptions {
  const reader = new Reader(file, yaml);
  reader.read();
  return { rules: reader.rules, problems: reader.problems };
}
