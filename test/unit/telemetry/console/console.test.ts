import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const EMITTER = fileURLToPath(new URL('./emitter.ts', import.meta.url));

function emit(records: number, ...flags: string[]) {
  return spawn(process.execPath, [EMITTER, String(records), ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
}

test('stdout has one JSON object per line and nothing else', async () => {
  const child = emit(3);
  const lines = (await text(child.stdout)).split('\n');
  assert.equal(lines.pop(), '');
  assert.equal(lines.length, 3);
  for (const line of lines) {
    const record = JSON.parse(line);
    assert.deepEqual(Object.keys(record), [
      'timestamp',
      'observedTimestamp',
      'eventName',
      'severityNumber',
      'severityText',
      'body',
      'attributes',
      'resource',
      'scope',
    ]);
    assert.equal(record.timestamp, '2026-01-01T00:01:30.000000000Z');
    assert.equal(record.observedTimestamp, '2026-01-01T00:01:30.001000000Z');
    assert.equal(record.eventName, 'proc_mem_access');
    assert.equal(record.severityNumber, 17);
    assert.equal(record.attributes['target_pid'], 4242);
    assert.equal(record.resource['service.name'], 'memwarden');
    assert.equal(record.scope.name, 'memwarden');
    assert.match(record.scope.version, /^\d+\.\d+\.\d+/);
  }
});

test('--pretty writes a readable line without colour where there is no terminal', async () => {
  const output = await text(emit(1, '--pretty').stdout);
  assert.equal(
    output,
    '00:01:30.000 HIGH   TRC-1023 proc_mem_access  python3.11 (pid 4711) opened the memory of ' +
      'Runner.Worker (pid 4242) for reading: /proc/4242/mem\n',
  );
});

test('--pretty prints escape sequences in a process name as text', async () => {
  const output = await text(emit(1, '--pretty', '--hostile').stdout);
  assert.match(output, /evil\\u001b\[2J\\u202e/);
  assert.doesNotMatch(output.trimEnd(), /\p{Cc}/u);
});

test('a slow reader loses nothing', async () => {
  const child = emit(5_000);
  child.stdout.pause();
  await once(child.stderr, 'data'); // "emitted": all records wait for the pipe
  const lines = (await text(child.stdout)).trimEnd().split('\n');
  assert.equal(lines.length, 5_000);
});

test('a reader that closes the pipe ends the output without a crash, and unread records are counted', async () => {
  const child = emit(5_000);
  await once(child.stderr, 'data');
  child.stdout.destroy();
  const report = await text(child.stderr);
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.match(report, /closed/);
  const { accepted, evicted, spooled } = JSON.parse(report.slice(report.indexOf('{')));
  assert.equal(accepted + evicted.output, 5_000);
  assert.notEqual(evicted.output, 0);
  assert.equal(spooled, 0);
});
