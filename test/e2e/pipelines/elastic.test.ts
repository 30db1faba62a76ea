import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildReadable } from '../../unit/telemetry/readable-builder.ts';
import { type Answer, Backend } from '../backend.ts';
import { whyNoCollector } from '../requirements.ts';
import { Pipeline, whyNoExporter } from './pipeline.ts';

/** The parts of Elasticsearch that the exporter uses: product header and bulk API. */
const elasticsearch: Answer = ({ method, path, body }, response) => {
  response.setHeader('X-Elastic-Product', 'Elasticsearch');
  response.setHeader('content-type', 'application/json');
  if (method === 'POST' && path.startsWith('/_bulk')) {
    const items = documentsOf(body).map(() => ({ create: { status: 201 } }));
    response.end(JSON.stringify({ took: 1, errors: false, items }));
  } else {
    response.end(JSON.stringify({ version: { number: '9.4.4' }, tagline: 'You Know, for Search' }));
  }
};

interface BulkDocument {
  readonly action: { readonly create?: { readonly _index?: string } };
  readonly source: {
    readonly '@timestamp'?: string;
    readonly event_name?: string;
    readonly severity_text?: string;
    readonly severity_number?: number;
    readonly body?: { readonly text?: string };
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly resource: { readonly attributes: Readonly<Record<string, unknown>> };
    readonly scope?: { readonly name?: string };
  };
}

/** A bulk body: pairs of lines, action and document. */
function documentsOf(body: Buffer): BulkDocument[] {
  const lines = body.toString().trimEnd().split('\n');
  assert.equal(lines.length % 2, 0, 'an action for each document');
  return Array.from({ length: lines.length / 2 }, (_, at) => ({
    action: JSON.parse(lines[2 * at] ?? ''),
    source: JSON.parse(lines[2 * at + 1] ?? ''),
  }));
}

describe('the Elasticsearch pipeline', { skip: await whyNoCollector() }, () => {
  test('creates one document per record in the data stream of memwarden', async t => {
    const missing = await whyNoExporter('elasticsearch');
    if (missing !== undefined) return t.skip(missing);
    await using backend = await Backend.start(elasticsearch);
    await using pipeline = await Pipeline.prepare(['base', 'elastic'], {
      ELASTICSEARCH_URL: backend.url,
      ELASTICSEARCH_API_KEY: 'a2V5OnNlY3JldA==',
    });
    await pipeline.start();
    const record = buildReadable();

    await pipeline.send(record);

    const { headers, body } = await backend.request(({ path }) => path.startsWith('/_bulk'));
    // the scheme of a credential is case-insensitive: RFC 9110, 11.1
    assert.match(headers.authorization ?? '', /^ApiKey a2V5OnNlY3JldA==$/i);
    const [document] = documentsOf(body);
    assert.ok(document);
    assert.equal(document.action.create?._index, 'logs-memwarden.otel-default');
    const { source } = document;
    assert.equal(source.event_name, 'proc_mem_access');
    assert.equal(source.severity_text, 'HIGH');
    assert.equal(source.severity_number, 17);
    assert.equal(source.body?.text, record.body);
    assert.equal(source.scope?.name, 'memwarden');
    assert.deepEqual(source.attributes, record.attributes);
    assert.equal(source.resource.attributes['service.name'], 'memwarden');
  });

  test('creates documents of the Elastic Common Schema if configured', async t => {
    const missing = await whyNoExporter('elasticsearch');
    if (missing !== undefined) return t.skip(missing);
    await using backend = await Backend.start(elasticsearch);
    await using pipeline = await Pipeline.prepare(['base', 'ecs', 'elastic'], {
      ELASTICSEARCH_URL: backend.url,
      ELASTICSEARCH_API_KEY: 'a2V5OnNlY3JldA==',
      ELASTICSEARCH_MAPPING: 'ecs',
    });
    await pipeline.start();
    const record = buildReadable();

    await pipeline.send(record);

    const { body } = await backend.request(({ path }) => path.startsWith('/_bulk'));
    const [, line = ''] = body.toString().split('\n');
    const document = new Map(Object.entries(flat(JSON.parse(line))));
    assert.equal(document.get('event.action'), 'proc_mem_access');
    assert.equal(document.get('event.kind'), 'alert');
    assert.equal(document.get('process.executable'), record.attributes['process.executable.path']);
    assert.equal(document.get('rule.id'), 'TRC-1023');
    assert.equal(document.get('threat.technique.id'), record.attributes['threat.technique.id']);
    assert.equal(document.get('message'), record.body);
  });
});

/** The dotted names of all fields of a document, however its objects are nested. */
function flat(value: object, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.entries(flat(inner, `${prefix}${name}.`))
        : [[`${prefix}${name}`, inner]],
    ),
  );
}
