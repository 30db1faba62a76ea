import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { MemwardenError } from '../errors.ts';
import type { Assignment } from './assignment.ts';
import { groups, settings } from './schema.ts';

/**
 * What a YAML file assigns, with line and column. A key without a value assigns nothing.
 * @throws MemwardenError CONFIG_INVALID when the file cannot be read or is no YAML mapping
 */
export function assignmentsOfFile(path: string): readonly Assignment[] {
  const lines = new LineCounter();
  const document = parseDocument(contents(path), { merge: true, lineCounter: lines, prettyErrors: false });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    // the parser's pretty messages quote the line, which may hold a secret
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new MemwardenError('CONFIG_INVALID', `failed to parse ${path}:${line}:${col}: ${fault.message}`);
  }
  const root: unknown = document.toJS();
  if (root === null) return [];
  if (!isMapping(root)) {
    throw new MemwardenError(
      'CONFIG_INVALID',
      `failed to parse ${path}: the file is not a mapping`,
      'start with a group and a colon, such as "telemetry:"',
    );
  }
  return [...leaves(root, [])].map(([keys, value]) => {
    const offset = offsetOf(document, keys);
    const { line, col } = lines.linePos(offset ?? 0);
    return { key: keys.join('.'), value, origin: offset === undefined ? path : `${path}:${line}:${col}` };
  });
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MemwardenError(
      'CONFIG_INVALID',
      `failed to read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      'name another file with --config',
      { cause },
    );
  }
}

/** Values at settings, and at keys that are neither setting nor group. */
function* leaves(
  mapping: Readonly<Record<string, unknown>>,
  parents: readonly string[],
): Generator<[keys: readonly string[], value: unknown]> {
  for (const [name, value] of Object.entries(mapping)) {
    const keys = [...parents, name];
    const key = keys.join('.');
    const isGroup = groups.has(key);
    if (value === null && (isGroup || settings.has(key))) continue;
    if (isGroup && isMapping(value)) yield* leaves(value, keys);
    else yield [keys, value];
  }
}

/** Undefined for a key that came by a merge (`<<`), which has no place of its own. */
function offsetOf(document: Document, keys: readonly string[]): number | undefined {
  const parent = keys.length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === keys.at(-1));
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
