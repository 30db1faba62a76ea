import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildReadable } from '../../unit/telemetry/readable-builder.ts';
import { Backend } from '../backend.ts';
import { whyNoCollector } from '../requirements.ts';
import { Pipeline } from './pipeline.ts';

describe('pipeline files for different stages', { skip: await whyNoCollector() }, () => {
  test('work together: a mapping does not remove what a backend file adds', async () => {
    await using backend = await Backend.start((_, response) => response.writeHead(200).end());
    await using pipeline = await Pipeline.prepare(['base', 'elastic-otlp', 'ecs'], {
      ELASTICSEARCH_URL: backend.url,
      ELASTICSEARCH_API_KEY: '',
    });
    await pipeline.start();

    await pipeline.send(buildReadable());

    const { body } = await backend.request(() => true);
    assert.ok(body.includes('data_stream.dataset'), 'of the backend');
    assert.ok(body.includes('rule.id'), 'of the mapping');
    assert.ok(!body.includes('security_rule.uuid'), 'replaced by the mapping');
  });
});
