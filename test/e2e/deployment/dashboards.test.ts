import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ECS, EVENTS_LOST, MEMWARDEN, OTEL } from '../../../src/telemetry/attributes.ts';

const FOLDER = fileURLToPath(new URL('../../../config/dashboards/', import.meta.url));

/** Every name that a record or its Resource can have. */
const ATTRIBUTES: readonly string[] = [
  ...Object.values(OTEL),
  ...Object.values(ECS),
  ...Object.values(MEMWARDEN),
];

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, ...groups]) => groups.filter(group => group !== undefined));
}

function unknown(fields: readonly string[], known: ReadonlySet<string>): string[] {
  return [...new Set(fields)].filter(field => !known.has(field));
}

describe('the Kibana dashboard', () => {
  interface SavedObject {
    readonly type: string;
    readonly id: string;
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly references: readonly { readonly type: string; readonly id: string }[];
  }
  const objects: readonly SavedObject[] = readFileSync(join(FOLDER, 'kibana/memwarden.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));

  test('uses fields that documents have', () => {
    const known = new Set([
      ...['@timestamp', 'event_name', 'severity_text'],
      ...ATTRIBUTES.flatMap(name => [`attributes.${name}`, `resource.attributes.${name}`]),
    ]);
    // Objects within objects are JSON in strings: undo one level of quoting to read them with one pattern.
    const text = JSON.stringify(objects).replaceAll('\\', '');
    const fields = [
      ...matches(text, /"field":"([^"]+)"/g),
      ...matches(text, /\b((?:resource\.)?attributes\.[a-z_.]+|event_name) :/g),
      ...objects.flatMap(({ attributes }) => (attributes['columns'] ?? []) as string[]),
    ];
    assert.ok(fields.length > 30, 'the patterns find fields');
    assert.deepEqual(unknown(fields, known), []);
  });

  test('brings everything that it refers to', () => {
    const ids = new Set(objects.map(({ type, id }) => `${type}/${id}`));
    const references = objects.flatMap(object => object.references.map(({ type, id }) => `${type}/${id}`));
    assert.deepEqual(unknown(references, ids), []);
  });
});

describe('the Grafana dashboard', () => {
  interface Dashboard {
    readonly panels: readonly {
      readonly title: string;
      readonly targets: readonly { readonly expr: string }[];
    }[];
  }
  const { panels }: Dashboard = JSON.parse(readFileSync(join(FOLDER, 'grafana/memwarden.json'), 'utf8'));

  test('uses labels that Loki makes of the attributes', () => {
    const known = new Set(['severity_text', 'job', ...ATTRIBUTES.map(name => name.replaceAll('.', '_'))]);
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const fields = expressions.flatMap(expression => [
      ...matches(expression, /\b([a-z_]+) ?(?:=~|!=|=)/g),
      ...matches(expression, /unwrap ([a-z_]+)/g),
      ...matches(expression, /by \(([^)]+)\)/g).flatMap(list => list.split(', ')),
    ]);
    assert.ok(fields.length > 15, 'the patterns find labels');
    assert.deepEqual(unknown(fields, known), []);
  });
});

describe('the Splunk app', () => {
  const text = readdirSync(join(FOLDER, 'splunk'), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(xml|conf)$/.test(name))
    .map(name => readFileSync(join(FOLDER, 'splunk', name), 'utf8'))
    .join('\n');

  test('uses fields that events have', () => {
    const known = new Set([
      // what the pipeline and the exporter add
      ...['event.name', 'otel.log.severity.text'],
      EVENTS_LOST,
      ...ATTRIBUTES,
    ]);
    const fields = matches(text, /(?<!name=)"([a-z_]+(?:\.[a-z_0-9]+)+)"/g);
    assert.ok(fields.length > 30, 'the pattern finds fields');
    assert.deepEqual(unknown(fields, known), []);
  });

  test('searches through the one macro that says where the records are', () => {
    assert.equal(matches(text, /(sourcetype=)/g).length, 1);
  });
});
