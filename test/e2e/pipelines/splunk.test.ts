import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildReadable } from '../../unit/telemetry/readable-builder.ts';
import { type Answer, Backend } from '../backend.ts';
import { whyNoCollector } from '../requirements.ts';
import { Pipeline, whyNoExporter } from './pipeline.ts';

const TOKEN = '00000000-0000-0000-0000-000000000000';

const eventCollector: Answer = (_, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ text: 'Success', code: 0 }));
};

describe('the Splunk pipeline', { skip: await whyNoCollector() }, () => {
  test('sends one event per record, with its attributes as fields', async t => {
    const missing = await whyNoExporter('splunk_hec');
    if (missing !== undefined) return t.skip(missing);
    await using backend = await Backend.start(eventCollector);
    await using pipeline = await Pipeline.prepare(['base', 'splunk'], {
      SPLUNK_HEC_URL: `${backend.url}/services/collector`,
      SPLUNK_HEC_TOKEN: TOKEN,
    });
    await pipeline.start();
    const record = buildReadable();

    await pipeline.send(record);

    const { method, path, headers, body } = await backend.request(() => true);
    assert.equal(method, 'POST');
    assert.equal(path, '/services/collector');
    assert.equal(headers.authorization, `Splunk ${TOKEN}`);
    const event = JSON.parse(body.toString());
    const [seconds, nanoseconds] = record.hrTime;
    assert.equal(event.time, seconds + Math.floor(nanoseconds / 1e6) / 1e3);
    assert.equal(event.source, 'memwarden');
    assert.equal(event.sourcetype, 'memwarden');
    assert.equal(event.index, 'main');
    assert.equal(event.event, record.body);
    assert.equal(event.fields['event.name'], 'proc_mem_access');
    for (const [name, value] of Object.entries(record.attributes)) {
      assert.deepEqual(event.fields[name], value, name);
    }
  });
});
