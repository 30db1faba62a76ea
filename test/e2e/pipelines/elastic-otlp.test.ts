import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildReadable } from '../../unit/telemetry/readable-builder.ts';
import { type Answer, Backend } from '../backend.ts';
import { Collector } from '../collector-harness.ts';
import { text } from '../otlp-value.ts';
import { whyNoCollector } from '../requirements.ts';
import { Pipeline } from './pipeline.ts';

const LOGS = '/_otlp/v1/logs';

/** An endpoint that accepts every request. */
const accept: Answer = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
};

/** An Elasticsearch that is starting. */
const unavailable: Answer = (_, response) => {
  response.writeHead(503, { 'retry-after': '1' }).end();
};

describe('the pipeline to the OTLP endpoint of Elasticsearch', { skip: await whyNoCollector() }, () => {
  test('sends records with the API key to the data stream of memwarden', async () => {
    await using backend = await Backend.start(accept);
    await using pipeline = await Pipeline.prepare(['base', 'elastic-otlp'], {
      ELASTICSEARCH_URL: backend.url,
      ELASTICSEARCH_API_KEY: 'a2V5OnNlY3JldA==',
    });
    await pipeline.start();

    await pipeline.send(buildReadable());

    const { method, path, headers, body } = await backend.request(() => true);
    assert.equal(method, 'POST');
    assert.equal(path, LOGS);
    assert.equal(headers.authorization, 'ApiKey a2V5OnNlY3JldA==');
    assert.equal(headers['content-type'], 'application/x-protobuf');
    // protobuf, so another Collector decodes it
    await using reader = await Collector.prepare();
    await reader.start();
    const answer = await fetch(`http://127.0.0.1:${reader.httpPort}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(body),
    });
    assert.equal(answer.status, 200);
    const [received] = await reader.waitFor(records => records.length === 1);
    assert.equal(received?.record.eventName, 'proc_mem_access');
    assert.deepEqual(received?.attributes.get('security_rule.uuid'), text('TRC-1023'));
    assert.deepEqual(received?.resource.get('data_stream.dataset'), text('memwarden'));
  });

  test('loses no accepted record when the Collector is killed while Elasticsearch is away', async () => {
    await using backend = await Backend.start(unavailable);
    await using pipeline = await Pipeline.prepare(['base', 'elastic-otlp'], {
      ELASTICSEARCH_URL: backend.url,
      ELASTICSEARCH_API_KEY: 'a2V5OnNlY3JldA==',
    });
    await pipeline.start();
    const record = buildReadable();
    await pipeline.send(record);
    await backend.request(() => true);

    await pipeline.stop('SIGKILL');
    const uid = Buffer.from(String(record.attributes['log.record.uid']));
    const delivered = Promise.withResolvers<void>();
    backend.answer = (request, response) => {
      accept(request, response);
      if (request.body.includes(uid)) delivered.resolve();
    };
    await pipeline.start();

    await delivered.promise;
  });
});
