import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ECS, EVENTS_LOST, MEMWARDEN, OTEL } from '../../../src/telemetry/record/attributes.ts';

const FOLDER = fileURLToPath(new URL('../../../config/dashboards/', import.meta.url));

/** Every name that a record or its Resource can have. */
const ATTRIBUTES: readonly string[] = [
  ...Object.values(OTEL),
  ...Object.values(ECS),
  ...Object.values(MEMWARDEN),
];

/** The questions that a dashboard answers, each with a panel. */
const QUESTIONS = [
  'Who read whose memory',
  'Techniques',
  'Detections by severity',
  'Containers',
  'Refused and successful',
  'Events lost',
];

function assertTitles(titles: readonly string[]): void {
  assert.deepEqual(unknown(QUESTIONS, new Set(titles)), []);
}

/** A panel's position on the grid of a page. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function assertApart(places: readonly Place[], width: number): void {
  for (const [at, a] of places.entries()) {
    assert.ok(a.x + a.w <= width);
    for (const b of places.slice(at + 1)) {
      const overlap = a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
      assert.ok(!overlap, JSON.stringify([a, b]));
    }
  }
}

const PARSE_XML = 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])';

/** Why XML cannot be parsed, for `skip`. */
function whyNoXml(): string | false {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'needs python3';
  }
}

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
    readonly references: readonly { readonly type: string; readonly id: string; readonly name?: string }[];
    readonly coreMigrationVersion?: string;
    readonly typeMigrationVersion?: string;
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
    // nested objects are JSON in strings: one level of quoting is removed, so that one pattern finds all fields
    const text = JSON.stringify(objects).replaceAll('\\', '');
    const fields = [
      ...matches(text, /"field":"([^"]+)"/g),
      ...matches(text, /\b((?:resource\.)?attributes\.[a-z_.]+|event_name) :/g),
      ...objects.flatMap(({ attributes }) => (attributes['columns'] ?? []) as string[]),
    ];
    assert.ok(fields.length > 30, 'the patterns find fields');
    assert.deepEqual(unknown(fields, known), []);
  });

  test('has the versions that keep the import from migrating it as an old format', () => {
    for (const object of objects) {
      assert.match(object.coreMigrationVersion ?? '', /^8\./, object.id);
      assert.match(object.typeMigrationVersion ?? '', /^8\./, object.id);
    }
  });

  test('has each object once, with valid nested JSON', () => {
    assert.equal(new Set(objects.map(({ type, id }) => `${type}/${id}`)).size, objects.length);
    for (const { id, attributes } of objects) {
      for (const [name, value] of Object.entries(attributes)) {
        if (/JSON$|^visState$/.test(name))
          assert.doesNotThrow(() => JSON.parse(String(value)), `${id} ${name}`);
      }
    }
  });

  test('has a reference for each panel, within its width and without overlap', () => {
    const dashboard = objects.find(({ type }) => type === 'dashboard');
    assert.ok(dashboard);
    const panels: readonly { readonly panelRefName: string; readonly gridData: Place }[] = JSON.parse(
      String(dashboard.attributes['panelsJSON']),
    );
    const names = dashboard.references.map(({ name }) => name);
    for (const { panelRefName } of panels) {
      assert.ok(
        names.some(name => name === panelRefName || name?.endsWith(`:${panelRefName}`)),
        panelRefName,
      );
    }
    assertApart(
      panels.map(({ gridData }) => gridData),
      48,
    );
  });

  test('answers every question', () =>
    assertTitles(objects.map(({ attributes }) => String(attributes['title']))));

  test('includes everything that it refers to', () => {
    const ids = new Set(objects.map(({ type, id }) => `${type}/${id}`));
    const references = objects.flatMap(object => object.references.map(({ type, id }) => `${type}/${id}`));
    assert.deepEqual(unknown(references, ids), []);
  });
});

describe('the Grafana dashboard', () => {
  interface Dashboard {
    readonly templating: { readonly list: readonly { readonly name: string }[] };
    readonly panels: readonly {
      readonly id: number;
      readonly title: string;
      readonly gridPos: Place;
      readonly datasource: { readonly uid: string };
      readonly targets: readonly { readonly expr: string }[];
    }[];
  }
  const { panels, templating }: Dashboard = JSON.parse(
    readFileSync(join(FOLDER, 'grafana/memwarden.json'), 'utf8'),
  );

  test('has each panel once, within the width of the page and without overlap', () => {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    assertApart(
      panels.map(({ gridPos }) => gridPos),
      24,
    );
  });

  test('queries only the data sources that the user selects', () => {
    const variables = new Set(templating.list.map(({ name }) => `\${${name}}`));
    assert.deepEqual(
      unknown(
        panels.map(({ datasource }) => datasource.uid),
        variables,
      ),
      [],
    );
  });

  test('answers every question', () => assertTitles(panels.map(({ title }) => title)));

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
  const view = join(FOLDER, 'splunk/default/data/ui/views/memwarden.xml');

  test('has a view of well-formed XML', { skip: whyNoXml() }, () => {
    execFileSync('python3', ['-c', PARSE_XML, view], { stdio: ['ignore', 'ignore', 'pipe'] });
  });

  test('refers only to searches that the view has', () => {
    const xml = readFileSync(view, 'utf8');
    const bases = matches(xml, / base="([^"]+)"/g);
    assert.ok(bases.length > 5, 'the pattern finds them');
    assert.deepEqual(unknown(bases, new Set(matches(xml, /<search id="([^"]+)"/g))), []);
  });

  test('answers every question', () => {
    assertTitles(matches(readFileSync(view, 'utf8'), /<title>([^<]+)<\/title>/g));
  });

  const text = readdirSync(join(FOLDER, 'splunk'), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(xml|conf)$/.test(name))
    .map(name => readFileSync(join(FOLDER, 'splunk', name), 'utf8'))
    .join('\n');

  test('uses fields that events have', () => {
    const known = new Set([
      // fields that the pipeline and the exporter add
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
