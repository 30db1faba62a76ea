import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildReadable } from '../../unit/telemetry/readable-builder.ts';
import { plainObject } from '../plain-value.ts';
import { whyNoCollector } from '../requirements.ts';
import { Pipeline } from './pipeline.ts';

describe('the ECS pipeline', { skip: await whyNoCollector() }, () => {
  test('maps a detection to the Elastic Common Schema', async () => {
    await using pipeline = await Pipeline.prepare(['base', 'ecs']);
    await pipeline.start();

    await pipeline.send(buildReadable());

    const [received] = await pipeline.written(1);
    assert.ok(received);
    const attributes = plainObject(received.attributes);
    const expected = {
      'event.kind': 'alert',
      'event.category': ['process', 'intrusion_detection'],
      'event.type': ['access'],
      'event.action': 'proc_mem_access',
      'event.module': 'memwarden',
      'event.dataset': 'memwarden',
      'event.severity': 3,
      'event.outcome': 'success',
      'rule.id': 'TRC-1023',
      'rule.name': 'proc_mem_access',
      'rule.version': '1',
      'rule.category': 'credential-access',
      'rule.ruleset': 'memwarden',
      'threat.framework': 'MITRE ATT&CK',
      'threat.tactic.id': 'TA0006',
      'threat.technique.id': 'T1003',
      'threat.technique.subtechnique.id': 'T1003.007',
      'process.pid': 4711,
      'process.parent.pid': 4700,
      'process.name': 'python3.11',
      'process.executable': '/usr/bin/python3.11',
      'process.command_line': 'python3 dump.py',
      'process.thread.id': 4711,
      'process.user.name': 'user',
      'file.path': '/proc/4242/mem',
      'memwarden.target.process.pid': 4242,
      'memwarden.target.process.executable.path': '/opt/runner/bin/Runner.Worker',
    };
    assert.deepEqual(
      Object.fromEntries(Object.keys(expected).map(name => [name, attributes[name]])),
      expected,
    );
    assert.match(String(attributes['event.id']), /./);
    const resource = plainObject(received.resource);
    assert.equal(resource['host.os.type'], 'linux');
    assert.equal(resource['observer.product'], 'memwarden');
  });

  test('leaves no field that is an object in one place and a value in another', async () => {
    await using pipeline = await Pipeline.prepare(['base', 'ecs']);
    await pipeline.start();

    await pipeline.send(buildReadable());

    const [received] = await pipeline.written(1);
    assert.ok(received);
    const names = [...received.attributes.keys(), ...received.resource.keys()];
    const conflicts = names.filter(name => names.some(other => other.startsWith(`${name}.`)));
    assert.deepEqual(conflicts, []);
  });

  test('maps a refused write to a denied change', async () => {
    await using pipeline = await Pipeline.prepare(['base', 'ecs']);
    await pipeline.start();

    const record = buildReadable({ result: -13 });
    await pipeline.send({
      ...record,
      attributes: { ...record.attributes, 'memwarden.access.mode': 'write' },
    });

    const [received] = await pipeline.written(1);
    assert.ok(received);
    const attributes = plainObject(received.attributes);
    assert.deepEqual(attributes['event.type'], ['change', 'denied']);
    assert.equal(attributes['error.type'], 'EACCES');
  });
});
