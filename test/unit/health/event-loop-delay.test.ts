import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EventLoopDelay } from '../../../src/health/event-loop-delay.ts';

/** A histogram and a clock in the hands of the test. */
function buildDelay() {
  const delays = {
    max: 0,
    reset: () => {
      delays.max = 0;
    },
  };
  const clock = { nowMillis: 0 };
  return { delays, clock, delay: new EventLoopDelay(delays, () => clock.nowMillis) };
}

test('the worst delay is reported for at least 30 s, without the resolution of the measurement', () => {
  const { delays, clock, delay } = buildDelay();
  delays.max = 12.1e9;
  assert.equal(delay.worstSeconds(), 12);
  clock.nowMillis = 30_000;
  assert.equal(delay.worstSeconds(), 12);
  clock.nowMillis = 59_000;
  assert.equal(delay.worstSeconds(), 12);
  clock.nowMillis = 60_000;
  assert.equal(delay.worstSeconds(), 12);
  assert.equal(delay.worstSeconds(), 0);
});

test('an idle event loop has no delay', () => {
  const { delays, delay } = buildDelay();
  delays.max = 0.09e9;
  assert.equal(delay.worstSeconds(), 0);
});

test('from 10 s on, an event loop was stuck', () => {
  const { delays, delay } = buildDelay();
  delays.max = 10e9;
  assert.equal(delay.problem(), undefined);
  delays.max = 10.2e9;
  assert.equal(delay.problem(), 'the event loop was stuck for 10 s in the last minute');
});

test('the event loop of this process is measured', async t => {
  const measured = new EventLoopDelay();
  t.after(() => measured.stop());
  // one turn begins the measurement, the next one ends the delay
  await delay(200);
  const end = process.cpuUsage().user + 500_000;
  while (process.cpuUsage().user < end);
  await delay(200);
  assert.ok(measured.worstSeconds() >= 0.3, `${measured.worstSeconds()}`);
});
