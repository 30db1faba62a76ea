import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildReadable } from '../../unit/telemetry/readable-builder.ts';
import { plainObject, plainValue } from '../plain-value.ts';
import { whyNoCollector } from '../requirements.ts';
import { Pipeline } from './pipeline.ts';

describe('the OCSF pipeline', { skip: await whyNoCollector() }, () => {
  test('maps a detection to an OCSF Detection Finding', async () => {
    await using pipeline = await Pipeline.prepare(['base', 'ocsf']);
    await pipeline.start();

    const record = buildReadable();
    await pipeline.send(record);

    const [received] = await pipeline.written(1);
    assert.ok(received);
    const uid = record.attributes['log.record.uid'];
    const resource = plainObject(received.resource);
    const actor = {
      pid: 4711,
      tid: 4711,
      name: 'python3.11',
      cmd_line: 'python3 dump.py',
      created_time_dt: '2026-01-01T00:01:00.000Z',
      parent_process: { pid: 4700 },
      user: { uid: '1000', name: 'user' },
      file: { type_id: 1, path: '/usr/bin/python3.11', name: 'python3.11' },
    };
    assert.deepEqual(plainValue(received.record.body), {
      activity_id: 1,
      category_uid: 2,
      class_uid: 2004,
      type_uid: 200401,
      is_alert: true,
      status_id: 1,
      severity_id: 4,
      action_id: 1,
      disposition_id: 1,
      time: Number(BigInt(received.record.timeUnixNano) / 1_000_000n),
      message: record.body,
      metadata: {
        version: '1.6.0',
        profiles: ['container', 'datetime', 'host'],
        uid,
        event_code: 'TRC-1023',
        product: { name: 'memwarden', vendor_name: 'memwarden', version: resource['service.version'] },
      },
      finding_info: {
        uid,
        title: 'proc_mem_access',
        desc: record.attributes['security_rule.description'],
        analytic: { type_id: 1, type: 'Rule', uid: 'TRC-1023', name: 'proc_mem_access', version: '1' },
        attacks: [
          {
            tactic: { uid: 'TA0006', name: 'credential-access' },
            technique: { uid: 'T1003', name: 'OS Credential Dumping' },
            sub_technique: { uid: 'T1003.007', name: 'Proc Filesystem' },
          },
        ],
      },
      evidences: [
        {
          actor: { process: actor },
          process: {
            pid: 4242,
            name: 'Runner.Worker',
            file: { type_id: 1, path: '/opt/runner/bin/Runner.Worker', name: 'Runner.Worker' },
            cmd_line: '/opt/runner/bin/Runner.Worker spawnclient',
            created_time_dt: '2026-01-01T00:00:05.000Z',
            parent_process: { pid: 1 },
            user: { uid: '0' },
          },
          file: { type_id: 1, path: '/proc/4242/mem', name: 'mem' },
          data: { access_method: 'proc_mem_open', access_mode: 'read' },
        },
      ],
      actor: { process: actor },
      device: {
        type_id: 0,
        hostname: resource['host.name'],
        ...(resource['host.id'] === undefined ? {} : { uid: resource['host.id'] }),
        os: { type_id: 200, name: 'Linux', kernel_release: resource['os.version'] },
      },
    });
    assert.equal(received.attributes.size, 0);
  });

  test('maps a refused access to denied and blocked', async () => {
    await using pipeline = await Pipeline.prepare(['base', 'ocsf']);
    await pipeline.start();

    await pipeline.send(buildReadable({ result: -13 }));

    const [received] = await pipeline.written(1);
    const { action_id, disposition_id } = Object(received && plainValue(received.record.body));
    assert.deepEqual({ action_id, disposition_id }, { action_id: 2, disposition_id: 2 });
  });

  test('does not change a record that is not a detection', async () => {
    await using pipeline = await Pipeline.prepare(['base', 'ocsf']);
    await pipeline.start();

    const record = {
      ...buildReadable(),
      eventName: 'memwarden.events_lost',
      attributes: { 'memwarden.lost.count': 3 },
    };
    await pipeline.send(record);

    const [received] = await pipeline.written(1);
    assert.equal(received?.record.body.stringValue, record.body);
    assert.equal(received?.attributes.size, 1);
  });
});
