import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { hostname, release, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildAttacks } from '../live/attack.ts';
import { Sidecar } from '../live/sidecar.ts';
import { attack } from './attack.ts';
import { ATTRIBUTE_KINDS } from './attribute-kinds.ts';
import { Collector } from './collector-harness.ts';
import { commandLineOf, executableOf, HeldOpen } from './held-open.ts';
import type { AnyValue, ReceivedRecord } from './otlp-json.ts';
import { bool, int, text, texts } from './otlp-value.ts';
import { whyNoSidecar } from './requirements.ts';

const VERSION: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version;
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TOLERANCE_NS = 50_000_000n;

describe('a record in the Collector', { skip: await whyNoSidecar() }, () => {
  let collector: Collector;
  let sidecar: Sidecar;

  before(async () => {
    buildAttacks();
    collector = await Collector.prepare();
    await collector.start();
    sidecar = await Sidecar.start({
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.grpcPort}`,
      OTEL_SERVICE_NAME: 'memwarden-e2e',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,process.pid=1,container.id=none',
    });
  });

  after(async () => {
    await sidecar?.stop();
    await collector?.[Symbol.asyncDispose]();
  });

  /** Waits for `count` records about one actor. */
  async function recordsOf(actorPid: number, count: number): Promise<ReceivedRecord[]> {
    const about = (records: readonly ReceivedRecord[]): ReceivedRecord[] =>
      records.filter(({ attributes }) => attributes.get('process.pid')?.intValue === String(actorPid));
    return about(await collector.waitFor(records => about(records).length >= count));
  }

  test('has all attributes of both processes, with their types', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'memwarden-actor-'));
    try {
      await using open = await HeldOpen.start(folder);
      const [received] = await recordsOf(open.actorPid, 1);
      assert.ok(received);

      const { attributes } = received;
      const known = {
        pathname: text(`/proc/${open.targetPid}/mem`),
        pid: int(open.actorPid),
        target_pid: int(open.targetPid),
        'process.pid': int(open.actorPid),
        'process.parent_pid': int(process.pid),
        'process.executable.path': text(await executableOf(open.actorPid)),
        'process.command_line': text(await commandLineOf(open.actorPid)),
        'process.working_directory': text(folder),
        'process.user.id': int(userInfo().uid),
        'process.real_user.id': int(userInfo().uid),
        'process.user.name': text(userInfo().username),
        'thread.id': int(open.actorPid),
        'thread.name': text('sh'),
        'memwarden.target.process.pid': int(open.targetPid),
        'memwarden.target.process.parent_pid': int(process.pid),
        'memwarden.target.process.executable.path': text(await executableOf(open.targetPid)),
        'memwarden.target.process.executable.name': text('sleep'),
        'memwarden.target.process.command_line': text('sleep 600'),
        'memwarden.target.process.user.id': int(userInfo().uid),
        'memwarden.cross_container': bool(false),
        'memwarden.self_access': bool(false),
        'memwarden.target_is_descendant': bool(false),
        'memwarden.access.method': text('proc_mem_open'),
        'memwarden.access.mode': text('read'),
        'memwarden.mitre.stix_id': text('attack-pattern--3120b9fa-23b8-4500-ae73-09494f607b7d'),
        'memwarden.severity': int(3),
        'event.outcome': text('success'),
        'file.path': text(`/proc/${open.targetPid}/mem`),
        'security_rule.name': text('proc_mem_access'),
        'security_rule.uuid': text('TRC-1023'),
        'security_rule.version': text('1'),
        'security_rule.category': text('credential-access'),
        'security_rule.ruleset.name': text('memwarden'),
        'threat.framework': text('MITRE ATT&CK'),
        'threat.tactic.id': text('TA0006'),
        'threat.tactic.name': text('credential-access'),
        'threat.technique.id': text('T1003'),
        'threat.technique.name': text('OS Credential Dumping'),
        'threat.technique.subtechnique.id': text('T1003.007'),
        'threat.technique.subtechnique.name': text('Proc Filesystem'),
      };
      assert.deepEqual(pick(attributes, Object.keys(known)), known);

      assert.match(stringOf(attributes, 'flags'), /^O_RDONLY(\|O_LARGEFILE)?$/);
      assert.match(stringOf(attributes, 'process.creation.time'), ISO_8601);
      assert.match(stringOf(attributes, 'memwarden.target.process.creation.time'), ISO_8601);
      assert.match(stringOf(attributes, 'memwarden.hook'), /^(lsm|fentry|kprobe|tracepoint)$/);
      assert.match(stringOf(attributes, 'file.inode'), /^\d+$/);
      assert.match(stringOf(attributes, 'log.record.uid'), /./);
      assert.match(stringOf(attributes, 'security_rule.description'), /./);
      assert.match(stringOf(attributes, 'security_rule.reference'), /^https:/);
      const [parent] = attributes.get('memwarden.ancestors')?.arrayValue?.values ?? [];
      assert.match(parent?.stringValue ?? '', new RegExp(`\\(${process.pid}\\)$`));

      const beyond = ['container.id', 'k8s.pod.uid', 'memwarden.target.container.id'];
      const rest = [...attributes.keys()].filter(name => !(name in known) && !beyond.includes(name));
      assert.deepEqual(rest.sort(), [
        'file.inode',
        'flags',
        'log.record.uid',
        'memwarden.ancestors',
        'memwarden.hook',
        'memwarden.target.process.creation.time',
        'process.creation.time',
        'process.executable.name',
        'security_rule.description',
        'security_rule.reference',
      ]);

      const shell = stringOf(attributes, 'process.executable.name');
      assert.deepEqual(
        received.record.body,
        text(
          `${shell} (pid ${open.actorPid}) opened the memory of sleep (pid ${open.targetPid}) for reading: /proc/${open.targetPid}/mem`,
        ),
      );
    } finally {
      await rmdir(folder);
    }
  });

  test('has name, severity and scope in the fields of the protocol, and both times', async () => {
    const act = await attack('open_mem', 'O_RDWR|O_CLOEXEC');
    const received = await recordsOf(act.actor_pid, 2);

    assert.deepEqual(received.map(({ record }) => record.eventName).sort(), [
      'proc_mem_access',
      'proc_mem_code_injection',
    ]);
    const uids = received.map(({ attributes }) => stringOf(attributes, 'log.record.uid'));
    assert.equal(new Set(uids).size, 2, 'two records are two');
    for (const { record, scope } of received) {
      assert.deepEqual(scope, { name: 'memwarden', version: VERSION });
      assert.equal(record.severityNumber, 17);
      assert.equal(record.severityText, 'HIGH');
      const time = BigInt(record.timeUnixNano);
      assert.ok(time >= BigInt(act.before_unix_ns) - TOLERANCE_NS, 'not before the act');
      assert.ok(time <= BigInt(act.after_unix_ns) + TOLERANCE_NS, 'not after the act');
      assert.ok(BigInt(record.observedTimeUnixNano) >= time, 'seen after it happened');
    }
  });

  test('has a Resource with service and host, and without attributes that would be taken for the actor’s', async () => {
    const act = await attack('open_mem');
    const [received] = await recordsOf(act.actor_pid, 1);
    assert.ok(received);

    const { resource } = received;
    const known = {
      'service.name': text('memwarden-e2e'),
      'service.version': text(VERSION),
      'host.name': text(hostname()),
      'host.arch': text(process.arch === 'x64' ? 'amd64' : process.arch),
      'os.type': text('linux'),
      'os.version': text(release()),
      'deployment.environment.name': text('test'),
    };
    assert.deepEqual(pick(resource, Object.keys(known)), known);
    assert.match(stringOf(resource, 'service.instance.id'), /./);
    assert.match(
      stringOf(resource, 'memwarden.capture.hook'),
      /\bfile_open=(lsm|fentry|kprobe|tracepoint)\b/,
    );
    if (existsSync('/etc/machine-id')) {
      assert.deepEqual(resource.get('host.id'), text(readFileSync('/etc/machine-id', 'utf8').trim()));
    }
    const foreign = [...resource.keys()].filter(name => /^(process|container|thread)\./.test(name));
    assert.deepEqual(foreign, []);
  });

  test('has the errno of a refused open', async () => {
    const act = await attack('refused_by_ptrace_check');
    const [received] = await recordsOf(act.actor_pid, 1);
    assert.ok(received);

    assert.deepEqual(pick(received.attributes, ['event.outcome', 'error.type']), {
      'event.outcome': text('failure'),
      'error.type': text(act.errno ?? ''),
    });
    assert.match(received.record.body.stringValue ?? '', /tried to open .* \(failed: EACCES\)$/);
  });

  test('gives the pids of a nested namespace beside those of the machine', async () => {
    const act = await attack('open_nested_pid1');
    const [received] = await recordsOf(act.actor_pid, 1);
    assert.ok(received);

    const known = {
      'process.vpid': int(act.actor_vpid),
      target_pid: int(act.target_pid ?? 0),
      'memwarden.target.process.vpid': int(1),
    };
    assert.deepEqual(pick(received.attributes, Object.keys(known)), known);
  });

  test('is low when a process opens its own memory', async () => {
    const act = await attack('open_self');
    const [received] = await recordsOf(act.actor_pid, 1);
    assert.ok(received);

    assert.equal(received.record.severityNumber, 10);
    assert.equal(received.record.severityText, 'LOW');
    assert.deepEqual(pick(received.attributes, ['memwarden.self_access', 'memwarden.severity']), {
      'memwarden.self_access': bool(true),
      'memwarden.severity': int(1),
    });
  });

  test('has no attribute that is not in the table, and each with its type', async () => {
    const records = await collector.records();
    assert.ok(records.length > 0);
    for (const { record, attributes } of records) {
      for (const [name, value] of attributes) {
        const [kind] = Object.keys(value);
        assert.equal(kind, ATTRIBUTE_KINDS.get(name), `${name} of ${record.eventName}`);
      }
      const ancestors = attributes.get('memwarden.ancestors')?.arrayValue?.values ?? [];
      assert.deepEqual(
        texts(ancestors.map(({ stringValue }) => stringValue ?? '')).arrayValue?.values,
        ancestors,
      );
    }
  });
});

function pick(
  values: ReadonlyMap<string, AnyValue>,
  names: readonly string[],
): Record<string, AnyValue | undefined> {
  return Object.fromEntries(names.map(name => [name, values.get(name)]));
}

function stringOf(values: ReadonlyMap<string, AnyValue>, name: string): string {
  const value = values.get(name)?.stringValue;
  assert.ok(value !== undefined, `${name} is a string`);
  return value;
}
