import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LossWatch } from '../../../src/health/loss-watch.ts';

test('a rise of a drop counter is told once, with the interval in which it happened', () => {
  let lost = 3n;
  let now = 10n;
  const read = () => [{ cpu: 1, sequence: 9n, dropped: { ring_full: lost, scratch_full: 0n } }];
  const watch = new LossWatch(read, () => now);
  now = 20n;
  const first = { cpu: 1, reason: 'ring_full', count: 3n, startUnixNs: 10n, endUnixNs: 20n };
  assert.deepEqual(watch.collect(), [first]);
  assert.deepEqual(watch.collect(), []);
  lost = 8n;
  now = 30n;
  assert.deepEqual(watch.collect(), [{ ...first, count: 5n, startUnixNs: 20n, endUnixNs: 30n }]);
});
