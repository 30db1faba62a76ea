import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Act } from './act.ts';
import type { ConsoleRecord } from './console-record.ts';
import { judge } from './judge.ts';
import type { Limit, Scenario } from './scenario.ts';

const scenario: Scenario = {
  name: 'read of another process',
  command: ['open_mem', 'O_RDONLY'],
  capability: 'file_open',
  expect: [
    { eventName: 'proc_mem_access', id: 'TRC-1023', severity: 3, method: 'proc_mem_open', mode: 'read' },
  ],
};

const act: Act = {
  technique: 'open_mem',
  actor_pid: 10,
  actor_tid: 10,
  actor_vpid: 10,
  actor_ppid: 9,
  executable: '/bin/actor',
  target_pid: 20,
  target_vpid: 20,
  target_executable: '/bin/target',
  descendant: false,
  path: '/proc/20/mem',
  flags: 'O_RDONLY|O_CLOEXEC',
  outcome: 'failure',
  errno: 'EACCES',
  before_unix_ns: '1700000000000000000',
  after_unix_ns: '1700000000000100000',
};

const attributes = {
  pathname: '/proc/20/mem',
  flags: 'O_RDONLY|O_LARGEFILE',
  pid: 10,
  target_pid: 20,
  'process.pid': 10,
  'process.parent_pid': 9,
  'process.executable.path': '/bin/actor',
  'thread.id': 10,
  'memwarden.ancestors': ['sh(9)'],
  'memwarden.target.process.pid': 20,
  'memwarden.target.process.executable.path': '/bin/target',
  'memwarden.self_access': false,
  'memwarden.target_is_descendant': false,
  'memwarden.access.method': 'proc_mem_open',
  'memwarden.access.mode': 'read',
  'memwarden.severity': 3,
  'event.outcome': 'failure',
  'error.type': 'EACCES',
  'security_rule.uuid': 'TRC-1023',
};

function recordWith(changes: Partial<ConsoleRecord['attributes']> = {}, eventName = 'proc_mem_access') {
  return {
    timestamp: '2023-11-14T22:13:20.000050000Z',
    observedTimestamp: '2023-11-14T22:13:20.001000000Z',
    eventName,
    severityNumber: 17,
    severityText: 'HIGH',
    body: 'a sentence',
    attributes: { ...attributes, ...changes } as ConsoleRecord['attributes'],
    resource: {},
    scope: { name: 'memwarden', version: '0' },
  };
}

function judgeRecords(records: readonly ConsoleRecord[], changes: Partial<Scenario> = {}, skippedRuns = 0) {
  return judge({ ...scenario, ...changes }, { truth: { acts: [act] }, records, hook: 'kprobe', skippedRuns });
}

test('a record that matches the ground truth passes', () => {
  assert.deepEqual(judgeRecords([recordWith()]), {
    status: 'pass',
    seen: true,
    rightTarget: true,
    rightOutcome: true,
    reasons: [],
  });
});

test('a record with another target fails as a wrong target, and as nothing else', () => {
  const verdict = judgeRecords([recordWith({ target_pid: 21 })]);
  assert.equal(verdict.status, 'fail');
  assert.equal(verdict.seen, true);
  assert.equal(verdict.rightTarget, false);
  assert.equal(verdict.rightOutcome, true);
});

test('a record with another outcome fails as a wrong outcome, and as nothing else', () => {
  const verdict = judgeRecords([recordWith({ 'event.outcome': 'success' })]);
  assert.equal(verdict.status, 'fail');
  assert.equal(verdict.rightTarget, true);
  assert.equal(verdict.rightOutcome, false);
});

for (const [name, value] of Object.entries({
  pathname: '/proc/21/mem',
  flags: 'O_RDWR|O_LARGEFILE',
  pid: 11,
  'process.parent_pid': 8,
  'process.executable.path': '/bin/other',
  'thread.id': 12,
  'process.vpid': 2,
  'memwarden.target.process.executable.path': '/bin/other',
  'memwarden.self_access': true,
  'memwarden.target_is_descendant': true,
  'memwarden.access.mode': 'write',
  'memwarden.severity': 1,
  'error.type': 'EPERM',
  'security_rule.uuid': 'TRC-1024',
})) {
  test(`a record with another ${name} fails`, () => {
    assert.equal(judgeRecords([recordWith({ [name]: value })]).status, 'fail');
  });
}

test('a timestamp more than 50 ms outside the act fails', () => {
  const late = { ...recordWith(), timestamp: '2023-11-14T22:13:20.050200000Z' };
  assert.deepEqual(judgeRecords([late]).reasons, ['proc_mem_access timestamp is 50.1 ms off the act']);
});

test('a missing record fails', () => {
  const verdict = judgeRecords([]);
  assert.equal(verdict.status, 'fail');
  assert.equal(verdict.seen, false);
});

const limit: Limit = { hook: 'kprobe', reason: 'it cannot see that' };
const anyRecord = { ...recordWith({ 'process.pid': 500 }), resource: { 'os.version': '5.18.3-amd64' } };

function expectWithin(...limits: readonly Limit[]): Pick<Scenario, 'expect'> {
  return { expect: scenario.expect.map(expectation => ({ ...expectation, limits })) };
}

test('a missing record is a limit where the hook has one, with its reason', () => {
  const verdict = judgeRecords([anyRecord], expectWithin(limit));
  assert.equal(verdict.status, 'limit');
  assert.deepEqual(verdict.reasons, ['it cannot see that']);
});

test('the limit of another hook or of older kernels excuses nothing', () => {
  assert.equal(judgeRecords([anyRecord], expectWithin({ ...limit, hook: 'lsm' })).status, 'fail');
  assert.equal(judgeRecords([anyRecord], expectWithin({ ...limit, before: '5.18' })).status, 'fail');
  assert.equal(judgeRecords([anyRecord], expectWithin({ ...limit, before: '5.19' })).status, 'limit');
});

test('a limit excuses no other record, and no wrong one', () => {
  const { expect } = expectWithin(limit);
  const second = expect.map(expectation => ({ ...expectation, eventName: 'another', limits: [] }));
  assert.equal(judgeRecords([anyRecord], { expect: [...expect, ...second] }).status, 'fail');
  assert.equal(judgeRecords([recordWith({ target_pid: 21 })], { expect }).status, 'fail');
});

test('a record or an outcome that is missing is a limit where the kernel skipped programs, a wrong one is not', () => {
  assert.equal(judgeRecords([], {}, 3).status, 'limit');
  assert.equal(
    judgeRecords([recordWith({ 'event.outcome': undefined, 'error.type': undefined })], {}, 3).status,
    'limit',
  );
  assert.equal(judgeRecords([recordWith({ 'event.outcome': 'success' })], {}, 3).status, 'fail');
  assert.equal(judgeRecords([recordWith(), recordWith()], {}, 3).status, 'fail');
  assert.equal(judgeRecords([recordWith()], {}, 3).status, 'pass');
});

test('a record that is missing where events were lost is a limit with their number, a wrong one is not', () => {
  const judgeLost = (records: readonly ConsoleRecord[]) =>
    judge(scenario, { truth: { acts: [act] }, records, hook: 'kprobe', lost: 7 });
  assert.equal(judgeLost([]).status, 'limit');
  assert.match(judgeLost([]).reasons.join(), /^7 events were lost/);
  assert.equal(judgeLost([recordWith({ target_pid: 21 })]).status, 'fail');
  assert.equal(judgeLost([recordWith(), recordWith()]).status, 'fail');
  assert.equal(judgeLost([recordWith()]).status, 'pass');
});

test('unknown fields of a record that was read after the processes ended are a limit, wrong ones are not', () => {
  const late = (changes: Partial<ConsoleRecord['attributes']>) => ({
    ...recordWith(changes),
    observedTimestamp: '2023-11-14T22:13:23.000000000Z',
  });
  const gone = { target_pid: undefined, 'memwarden.target.process.pid': undefined };
  assert.equal(judgeRecords([late(gone)]).status, 'limit');
  assert.match(judgeRecords([late(gone)]).reasons.join(), /^read 2999 ms after the act/);
  assert.equal(judgeRecords([recordWith(gone)]).status, 'fail');
  assert.equal(judgeRecords([late({ target_pid: 21 })]).status, 'fail');
  assert.equal(judgeRecords([late({})]).status, 'pass');
});

test('an unexpected record fails', () => {
  assert.equal(judgeRecords([recordWith(), recordWith()]).status, 'fail');
  assert.equal(judgeRecords([recordWith()], { expect: [] }).status, 'fail');
});

test('records of other processes are ignored', () => {
  const stranger = recordWith({ 'process.pid': 500, 'memwarden.ancestors': ['init(1)'] });
  assert.equal(judgeRecords([recordWith(), stranger]).status, 'pass');
});

test('a record of the attack’s child belongs to the attack', () => {
  const child = recordWith({ 'process.pid': 500, 'memwarden.ancestors': ['actor(10)', 'sh(9)'] });
  assert.equal(judgeRecords([recordWith(), child]).status, 'fail');
});

test('an attack that the machine cannot run is skipped with its reason', () => {
  const verdict = judge(scenario, { truth: { acts: [], skip: 'no procfs' }, records: [] });
  assert.equal(verdict.status, 'skip');
  assert.deepEqual(verdict.reasons, ['no procfs']);
});

test('an attack without ground truth fails', () => {
  assert.equal(judge(scenario, { truth: { acts: [] }, records: [recordWith()] }).status, 'fail');
});
