import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../../../src/telemetry/delivery/backoff.ts';

function waits(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.next());
}

test('each wait is twice the one before, up to the longest', () => {
  assert.deepEqual(waits(new Backoff(100, 1_000, () => 1), 6), [100, 200, 400, 800, 1_000, 1_000]);
});

test('jitter shortens a wait by at most half', () => {
  assert.deepEqual(waits(new Backoff(100, 1_000, () => 0), 5), [50, 100, 200, 400, 500]);
});

test('the first wait comes again after a success', () => {
  const backoff = new Backoff(100, 1_000, () => 1);
  waits(backoff, 3);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});

test('a collector that is away for days does not overflow the wait', () => {
  assert.equal(waits(new Backoff(100, 1_000, () => 1), 5_000).at(-1), 1_000);
});
