/**
 * Symptom: `run --exporter console >/dev/full` ended with an uncaught ENOSPC at the first record, and with stderr's reader
 * gone at the first message; a stdout that is never read kept it from ending at all. Cause: an error event of process.stdout
 * or process.stderr without a listener is an uncaught error, and Node.js writes to files and terminals synchronously.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { EXIT } from '../../src/service/exit-codes.ts';
import { BareSidecar, type Ended, IdlePipe, openMemory, STOP_MILLIS } from './bare-sidecar.ts';
import { whyNotLive } from './requirements.ts';

const CONSOLE = { OTEL_LOGS_EXPORTER: 'console' };
/** Nobody listens there: everything stays in the spool. */
const OTLP = { OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };

const STACK = /\n\s+at .*:\d+:\d+/;

function assertEnded({ status, signal, millis }: Ended, expected: number): void {
  assert.deepEqual({ status, signal }, { status: expected, signal: null });
  assert.ok(millis < STOP_MILLIS, `it took ${millis} ms`);
}

suite('the console exporter', { skip: whyNotLive() }, () => {
  test('with a full stdout keeps capturing, counts what it could not write, and ends with 1', async t => {
    const sidecar = await BareSidecar.start(t, { environment: CONSOLE, redirections: '>/dev/full' });
    await openMemory(t);
    await sidecar.until('count', async () => (await sidecar.metric('records_evicted_total', 'output')) > 0);
    assert.match((await sidecar.readiness()).reasons.join(), /failed to write records to stdout: ENOSPC/);
    const before = await sidecar.metric('records_evicted_total', 'output');
    await openMemory(t);
    await sidecar.until(
      'see another act',
      async () => (await sidecar.metric('records_evicted_total', 'output')) > before,
    );
    assertEnded(await sidecar.stop(), EXIT.failure);
    assert.match(sidecar.stderr, /failed to write records to stdout: ENOSPC/);
    assert.match(sidecar.stderr, /\d+ records could not be written to stdout and are lost/);
    assert.doesNotMatch(sidecar.stderr, STACK);
  });

  test('with a stdout that is never read ends on SIGTERM and logs how much was not written', async t => {
    const { path } = new IdlePipe(t).fill();
    const sidecar = await BareSidecar.start(t, { environment: CONSOLE, redirections: `>${path}` });
    await openMemory(t);
    await sidecar.until('see the act', async () => (await sidecar.metric('records_spooled')) > 0);
    assertEnded(await sidecar.stop(), EXIT.failure);
    assert.match(sidecar.stderr, /\d+ records could not be written to stdout and are lost/);
  });

  test('on a terminal that was stopped with Ctrl-S keeps its event loop, and ends on SIGTERM', async t => {
    const sidecar = await BareSidecar.start(t, { environment: CONSOLE, terminal: '1' });
    await sidecar.terminal('stop');
    await openMemory(t);
    await sidecar.until('see the act', async () => (await sidecar.metric('records_spooled')) > 0);
    assertEnded(await sidecar.stop(), EXIT.failure);
    assert.match(sidecar.stderr, /\d+ records could not be written to stdout and are lost/);
  });

  test('on a terminal that is closed ends like one whose reader has gone', async t => {
    const sidecar = await BareSidecar.start(t, { environment: CONSOLE, terminal: '1' });
    await sidecar.terminal('close');
    await openMemory(t);
    const { status } = await sidecar.ended();
    assert.equal(status, EXIT.ok, sidecar.stderr);
    assert.match(sidecar.stderr, /failed to write records to stdout: .*its reader has closed it/);
    assert.doesNotMatch(sidecar.stderr, STACK);
  });

  test('with stdout and stderr on the same terminal that was stopped ends on SIGTERM', async t => {
    const sidecar = await BareSidecar.start(t, { environment: CONSOLE, terminal: '12' });
    await sidecar.terminal('stop');
    await openMemory(t);
    sidecar.kill('SIGHUP');
    await sidecar.until('see the act', async () => (await sidecar.metric('records_spooled')) > 0);
    assertEnded(await sidecar.stop(), EXIT.failure);
  });
});

suite('the OTLP exporter', { skip: whyNotLive() }, () => {
  for (const { title, redirections } of [
    { title: 'a full stdout and stderr', redirections: '>/dev/full 2>/dev/full' },
    { title: 'a closed stdout and stderr', redirections: '>&- 2>&-' },
  ]) {
    test(`keeps capturing with ${title}, through a reload, and ends with 0`, async t => {
      const sidecar = await BareSidecar.start(t, { environment: OTLP, redirections });
      sidecar.kill('SIGHUP');
      await openMemory(t);
      await sidecar.until('see the act', async () => (await sidecar.metric('records_spooled')) > 0);
      assertEnded(await sidecar.stop(), EXIT.ok);
    });
  }

  test('keeps capturing when the reader of stdout and stderr has gone, and ends with 0', async t => {
    const pipe = new IdlePipe(t);
    const redirections = `>${pipe.path} 2>&1`;
    const sidecar = await BareSidecar.start(t, { environment: OTLP, redirections });
    pipe.leave();
    sidecar.kill('SIGHUP');
    await openMemory(t);
    await sidecar.until('see the act', async () => (await sidecar.metric('records_spooled')) > 0);
    await sidecar.until('count', async () => (await sidecar.metric('messages_dropped_total')) > 0);
    assertEnded(await sidecar.stop(), EXIT.ok);
  });

  test('counts the lines that a full stderr does not take', async t => {
    const sidecar = await BareSidecar.start(t, { environment: OTLP, redirections: '2>/dev/full' });
    sidecar.kill('SIGHUP');
    await sidecar.until('count', async () => (await sidecar.metric('messages_dropped_total')) > 0);
    assertEnded(await sidecar.stop(), EXIT.ok);
  });

  test('keeps capturing with a stderr that is never read, and ends with 0', async t => {
    const { path } = new IdlePipe(t).fill();
    const sidecar = await BareSidecar.start(t, { environment: OTLP, redirections: `2>${path}` });
    sidecar.kill('SIGHUP');
    await openMemory(t);
    await sidecar.until('see the act', async () => (await sidecar.metric('records_spooled')) > 0);
    assertEnded(await sidecar.stop(), EXIT.ok);
  });

  for (const command of ['stop', 'close'] as const) {
    test(`keeps capturing with stderr on a terminal: ${command}`, async t => {
      const sidecar = await BareSidecar.start(t, { environment: OTLP, terminal: '2' });
      await sidecar.terminal(command);
      sidecar.kill('SIGHUP');
      await openMemory(t);
      await sidecar.until('see the act', async () => (await sidecar.metric('records_spooled')) > 0);
      assertEnded(await sidecar.stop(), EXIT.ok);
    });
  }
});
