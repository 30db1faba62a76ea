import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRecord } from '@opentelemetry/api';
import type { Detection } from '../../../../src/detect/detection.ts';
import { toLogRecord } from '../../../../src/telemetry/record/record.ts';
import { BOOT_UNIX_NS, buildActor, buildProcess } from '../../event-builder.ts';
import { buildDetection } from '../detection-builder.ts';

const BOOT_ID = '0123456789abcdef0123456789abcdef';

function attributesOf(detection: Detection): NonNullable<LogRecord['attributes']> {
  return toLogRecord(detection, BOOT_ID).attributes ?? {};
}

test('a read of the memory of another process becomes the record that docs/events.md describes', () => {
  const record = toLogRecord(buildDetection(), BOOT_ID);
  assert.equal(record.eventName, 'proc_mem_access');
  assert.equal(record.severityNumber, 17);
  assert.equal(record.severityText, 'HIGH');
  assert.equal(
    record.body,
    'python3.11 (pid 4711) opened the memory of Runner.Worker (pid 4242) for reading: /proc/4242/mem',
  );
  const {
    'security_rule.description': description,
    'security_rule.reference': reference,
    ...rest
  } = record.attributes ?? {};
  assert.equal(typeof description, 'string');
  assert.match(String(reference), /^https:/);
  assert.deepEqual(rest, {
    'log.record.uid': `${BOOT_ID}-0-1-90000000000-proc_mem_access`,
    pathname: '/proc/4242/mem',
    flags: 'O_RDONLY',
    pid: 4711,
    target_pid: 4242,
    'process.pid': 4711,
    'process.parent_pid': 4700,
    'process.creation.time': '2026-01-01T00:01:00.000Z',
    'process.executable.path': '/usr/bin/python3.11',
    'process.executable.name': 'python3.11',
    'process.command_line': 'python3 dump.py',
    'process.working_directory': '/home/user',
    'process.user.id': 1000,
    'process.real_user.id': 1000,
    'process.user.name': 'user',
    'thread.id': 4711,
    'thread.name': 'python3',
    'memwarden.ancestors': ['bash(4700)', 'systemd(1)'],
    'memwarden.target.process.pid': 4242,
    'memwarden.target.process.parent_pid': 1,
    'memwarden.target.process.creation.time': '2026-01-01T00:00:05.000Z',
    'memwarden.target.process.executable.path': '/opt/runner/bin/Runner.Worker',
    'memwarden.target.process.executable.name': 'Runner.Worker',
    'memwarden.target.process.command_line': '/opt/runner/bin/Runner.Worker spawnclient',
    'memwarden.target.process.user.id': 0,
    'memwarden.cross_container': false,
    'memwarden.self_access': false,
    'memwarden.target_is_descendant': false,
    'memwarden.access.method': 'proc_mem_open',
    'memwarden.access.mode': 'read',
    'file.path': '/proc/4242/mem',
    'file.inode': '54321',
    'event.outcome': 'success',
    'security_rule.name': 'proc_mem_access',
    'security_rule.uuid': 'TRC-1023',
    'security_rule.version': '1',
    'security_rule.category': 'credential-access',
    'security_rule.ruleset.name': 'memwarden',
    'threat.framework': 'MITRE ATT&CK',
    'threat.tactic.id': 'TA0006',
    'threat.tactic.name': 'credential-access',
    'threat.technique.id': 'T1003',
    'threat.technique.name': 'OS Credential Dumping',
    'threat.technique.subtechnique.id': 'T1003.007',
    'threat.technique.subtechnique.name': 'Proc Filesystem',
    'memwarden.mitre.stix_id': 'attack-pattern--3120b9fa-23b8-4500-ae73-09494f607b7d',
    'memwarden.severity': 3,
    'memwarden.hook': 'lsm',
  });
});

test('times are exact to the nanosecond', () => {
  const timeUnixNs = 1_795_000_000_123_456_789n;
  const record = toLogRecord(buildDetection({ timeUnixNs, observedTimeUnixNs: timeUnixNs + 1n }), BOOT_ID);
  assert.deepEqual(record.timestamp, [1_795_000_000, 123_456_789]);
  assert.deepEqual(record.observedTimestamp, [1_795_000_000, 123_456_790]);
});

test('each severity has its number and its text', () => {
  const seen = ([0, 1, 2, 3] as const).map(severity => {
    const record = toLogRecord(buildDetection({}, 'proc_mem_access', { severity }), BOOT_ID);
    return [record.severityNumber, record.severityText, record.attributes?.['memwarden.severity']];
  });
  assert.deepEqual(seen, [
    [9, 'INFO', 0],
    [10, 'LOW', 1],
    [13, 'MEDIUM', 2],
    [17, 'HIGH', 3],
  ]);
});

test('a refused open has the outcome failure and the name of the error', () => {
  const record = toLogRecord(buildDetection({ result: -13 }), BOOT_ID);
  assert.equal(record.attributes?.['event.outcome'], 'failure');
  assert.equal(record.attributes?.['error.type'], 'EACCES');
  assert.match(
    String(record.body),
    /^python3\.11 \(pid 4711\) tried to open the memory of .* \(failed: EACCES\)$/,
  );
});

test('there is no outcome when no hook saw the result', () => {
  const attributes = attributesOf(buildDetection({ result: undefined }));
  assert.equal('event.outcome' in attributes, false);
  assert.equal('error.type' in attributes, false);
});

test('an unknown attribute is absent, never empty', () => {
  const attributes = attributesOf(
    buildDetection({
      actor: buildActor({ executablePath: undefined, ancestors: [], comm: 'kworker/0:1' }),
      actorDetails: {},
      targetDetails: {},
      inode: 0n,
    }),
  );
  for (const name of [
    'process.executable.path',
    'process.command_line',
    'process.working_directory',
    'process.user.name',
    'process.vpid',
    'container.id',
    'k8s.pod.uid',
    'memwarden.ancestors',
    'memwarden.target.process.command_line',
    'memwarden.memory.address',
    'memwarden.access.bytes',
    'file.inode',
  ]) {
    assert.equal(name in attributes, false, name);
  }
  assert.equal(attributes['process.executable.name'], 'kworker/0:1');
  for (const [name, value] of Object.entries(attributes)) assert.notEqual(value, undefined, name);
});

test('the pids of a nested pid namespace are in addition to those of the initial one', () => {
  const attributes = attributesOf(
    buildDetection({ actor: buildActor({ vtgid: 7 }), target: buildProcess({ vtgid: 1 }) }),
  );
  assert.equal(attributes['process.vpid'], 7);
  assert.equal(attributes['memwarden.target.process.vpid'], 1);
});

test('the effective and the real user have separate attributes', () => {
  const attributes = attributesOf(buildDetection({ actor: buildActor({ uid: 1000, euid: 0 }) }));
  assert.equal(attributes['process.user.id'], 0);
  assert.equal(attributes['process.real_user.id'], 1000);
});

test('there is never an attribute process.executable in addition to process.executable.path', () => {
  assert.equal('process.executable' in attributesOf(buildDetection()), false);
});

test('an address above 2^53 is exact, as hexadecimal text, and bytes moved are a number', () => {
  const detection = buildDetection(
    {
      kind: 'process_vm',
      method: 'process_vm_readv',
      address: 0x7fff_ffff_ffff_fff1n,
      sizeBytes: 4096n,
      path: undefined,
    },
    'process_vm_read',
  );
  const record = toLogRecord(detection, BOOT_ID);
  assert.equal(record.attributes?.['memwarden.memory.address'], '0x7ffffffffffffff1');
  assert.equal(record.attributes?.['memwarden.access.bytes'], 4096);
  assert.equal(
    record.body,
    'python3.11 (pid 4711) read the memory of Runner.Worker (pid 4242) with process_vm_readv',
  );
});

test('a change of protection has the area and both protections', () => {
  const attributes = attributesOf(
    buildDetection(
      {
        kind: 'mem_protect',
        method: 'mprotect',
        address: 0x1000n,
        sizeBytes: 8192n,
        previousProtection: 3,
        protection: 5,
        path: undefined,
      },
      'dynamic_code_loading',
    ),
  );
  assert.equal(attributes['memwarden.memory.address'], '0x1000');
  assert.equal(attributes['memwarden.memory.size'], 8192);
  assert.equal(attributes['memwarden.memory.protection'], 'PROT_READ|PROT_EXEC');
  assert.equal(attributes['memwarden.memory.previous_protection'], 'PROT_READ|PROT_WRITE');
});

test('the uid is the same when an event is read twice, also after the wall clock was set back', () => {
  const uid = (fields: object) => attributesOf(buildDetection(fields))['log.record.uid'];
  assert.equal(uid({}), uid({ timeUnixNs: BOOT_UNIX_NS, observedTimeUnixNs: BOOT_UNIX_NS }));
});

test('the uids of any two records differ', () => {
  const uids = [
    buildDetection(),
    buildDetection({ sequence: 2n }),
    buildDetection({ cpu: 1 }),
    buildDetection({ timeNs: 90_000_000_001n }),
    buildDetection({ flags: 2 }, 'proc_mem_code_injection'),
    buildDetection({}, 'proc_mem_access', { repeat: { count: 3, firstUnixNs: 1n, lastUnixNs: 2n } }),
  ].map(detection => attributesOf(detection)['log.record.uid']);
  uids.push(toLogRecord(buildDetection(), 'f'.repeat(32)).attributes?.['log.record.uid']);
  assert.equal(new Set(uids).size, uids.length);
});

test('a summary has the count and the interval of the repeats', () => {
  const repeat = { count: 41, firstUnixNs: BOOT_UNIX_NS + 5n, lastUnixNs: BOOT_UNIX_NS + 2_000_000_000n };
  const record = toLogRecord(buildDetection({}, 'proc_mem_access', { repeat }), BOOT_ID);
  assert.equal(record.attributes?.['memwarden.repeat.count'], 41);
  assert.equal(record.attributes?.['memwarden.repeat.start'], '2026-01-01T00:00:00.000000005Z');
  assert.equal(record.attributes?.['memwarden.repeat.end'], '2026-01-01T00:00:02.000000000Z');
  assert.match(String(record.body), /, 41 more times$/);
});

test('a detection that an exception lowered names the exception', () => {
  const lowered = buildDetection({}, 'proc_mem_access', { severity: 1, exception: 'crash handlers' });
  assert.equal(attributesOf(lowered)['memwarden.exception'], 'crash handlers');
  assert.equal(toLogRecord(lowered, BOOT_ID).severityText, 'LOW');
  assert.equal('memwarden.exception' in attributesOf(buildDetection()), false);
});

test('a raw event names no rule and no technique', () => {
  const attributes = attributesOf(
    buildDetection({ kind: 'file_open', target: undefined }, 'security_file_open'),
  );
  for (const name of Object.keys(attributes))
    assert.doesNotMatch(name, /^(security_rule|threat)\.|\.target\./);
  assert.equal('memwarden.self_access' in attributes, false);
});

test('every attribute value is a string, a safe integer, a boolean or a list of strings', () => {
  for (const [name, value] of Object.entries(attributesOf(buildDetection()))) {
    const ok =
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      Number.isSafeInteger(value) ||
      (Array.isArray(value) && value.every(item => typeof item === 'string'));
    assert.ok(ok, `${name}: ${String(value)}`);
  }
});
