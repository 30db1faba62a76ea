import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildReadable } from '../../unit/telemetry/readable-builder.ts';
import { text } from '../otlp-value.ts';
import { whyNoCollector } from '../requirements.ts';
import { Pipeline } from './pipeline.ts';

describe('the base pipeline', { skip: await whyNoCollector() }, () => {
  test('writes records to a file, unchanged', async () => {
    await using pipeline = await Pipeline.prepare(['base']);
    await pipeline.start();

    await pipeline.send(buildReadable());

    const [received] = await pipeline.written(1);
    assert.equal(received?.record.eventName, 'proc_mem_access');
    assert.deepEqual(received?.attributes.get('security_rule.uuid'), text('TRC-1023'));
    assert.deepEqual(received?.resource.get('service.name'), text('memwarden'));
  });
});
