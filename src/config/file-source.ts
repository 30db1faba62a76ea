import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { MemwardenError } from '../errors.ts';
import { FileRefusal, hintOr } from '../files/file-refusal.ts';
import { listed } from '../printing/listed.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import { textOf, type YamlText } from '../yaml/yaml-text.ts';
import type { Assignment } from './assignment.ts';
import { groups, settings } from './schema.ts';

/**
 * The assignments of a YAML file, with line and column. A key without a value assigns nothing. Every value is its source
 * text, as in the environment; the setting's format parses it, so `0123` in a header stays `0123`.
 * @throws MemwardenError CONFIG_INVALID when the file cannot be read or is no YAML mapping
 */
export function assignmentsOfFile(path: string): readonly Assignment[] {
  const yaml = contents(path);
  if (yaml.faults.length > 0) {
    const faults = yaml.faults.map(({ line, column, reason }) => `${path}:${line}:${column}: ${reason}`);
    const [first = '', ...others] = listed(faults);
    throw new MemwardenError('CONFIG_INVALID', [`failed to parse ${first}`, ...others]);
  }
  if (yaml.contents === undefined) return [];
  const root = yaml.resolve(yaml.contents);
  if (isScalar(root) && root.value === null) return [];
  if (!isMap(root)) {
    throw new MemwardenError(
      'CONFIG_INVALID',
      `failed to parse ${path}:1:1: the file is not a mapping`,
      'start with a group and a colon, such as "telemetry:"',
    );
  }
  return [...leaves(yaml, root, [])].map(({ keys, value, offset }) => {
    const { line, column } = yaml.positionOf(offset);
    return { key: keys.join('.'), value, origin: `${path}:${line}:${column}` };
  });
}

function contents(path: string): YamlText {
  try {
    return readYaml(path);
  } catch (cause) {
    throw new MemwardenError(
      'CONFIG_INVALID',
      `failed to read ${path}${cause instanceof FileRefusal ? ':1:1' : ''}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hintOr(cause, 'name another file with --config'),
      { cause },
    );
  }
}

interface Leaf {
  readonly keys: readonly string[];
  readonly value: unknown;
  readonly offset: number;
}

/** Values at settings, and at keys that are neither setting nor group. */
function* leaves(yaml: YamlText, mapping: YAMLMap, parents: readonly string[]): Generator<Leaf> {
  for (const [name, { node, offset }] of entriesOf(yaml, mapping)) {
    const keys = [...parents, name];
    const key = keys.join('.');
    if (groups.has(key) && isMap(node)) {
      yield* leaves(yaml, node, keys);
      continue;
    }
    const value = plainValue(yaml, node);
    if (value !== null || !(groups.has(key) || settings.has(key))) yield { keys, value, offset };
  }
}

interface Entry {
  /** The value; for an alias, the node that it refers to; null where there is no value. */
  readonly node: Node | null;
  readonly offset: number;
}

/** The entries of a mapping, then those that it merges (`<<`); its own win. */
function entriesOf(yaml: YamlText, mapping: YAMLMap): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  const merged: Node[] = [];
  for (const { key, value } of mapping.items) {
    if (!isScalar(key)) continue;
    const node = value === null ? null : yaml.resolve(value as Node);
    if (key.type === 'PLAIN' && key.source === '<<') merged.push(...mappingsOf(yaml, node));
    else entries.set(textOf(key), { node, offset: key.range?.[0] ?? 0 });
  }
  for (const source of merged) {
    if (!isMap(source)) continue;
    for (const [name, entry] of entriesOf(yaml, source)) {
      if (!entries.has(name)) entries.set(name, entry);
    }
  }
  return entries;
}

/** The operands of a merge: one mapping, or a list of them, of which the first wins. */
function mappingsOf(yaml: YamlText, node: Node | null): Node[] {
  if (isSeq(node)) return node.items.map(item => yaml.resolve(item as Node));
  return node === null ? [] : [node];
}

/** A text, or a list or mapping of texts; null where there is no value. */
function plainValue(yaml: YamlText, node: Node | null): unknown {
  if (isScalar(node)) return node.value === null ? null : textOf(node);
  if (isSeq(node)) return node.items.map(item => plainValue(yaml, yaml.resolve(item as Node)));
  if (!isMap(node)) return null;
  const entries = [...entriesOf(yaml, node)].map(([name, entry]) => [name, plainValue(yaml, entry.node)]);
  return Object.fromEntries(entries);
}
