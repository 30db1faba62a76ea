import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LossSource, LossWatch } from '../../../src/accounting/loss-watch.ts';
import type { CpuCounters, DropReason } from '../../../src/capture/index.ts';

const REASONS = ['ring_full', 'scratch_full'] as const;

/** The kernel's counters of two CPUs, each with its own drops for each reason. */
class Kernel implements LossSource {
  readonly cpus = [0, 1].map(() => ({ sequence: 0n, dropped: { ring_full: 0n, scratch_full: 0n } }));
  readonly reported = new Map<string, bigint>();

  readonly reportedDrops = {
    sinceNs: 7n,
    count: (cpu: number, reason: DropReason) => this.reported.get(`${cpu} ${reason}`) ?? 0n,
    report: (cpu: number, reason: DropReason, total: bigint) => {
      this.reported.set(`${cpu} ${reason}`, total);
    },
    save: () => undefined,
  };

  counters(): CpuCounters[] {
    return this.cpus.map(({ sequence, dropped }, cpu) => ({ cpu, sequence, dropped: { ...dropped } }));
  }

  pendingRepetitions(): bigint {
    return 0n;
  }

  drop(cpu: number, reason: DropReason, count: bigint): void {
    const state = this.cpus[cpu];
    assert.ok(state);
    state.sequence += count;
    state.dropped[reason] += count;
  }

  send(watch: LossWatch, cpu: number, count: number): void {
    const state = this.cpus[cpu];
    assert.ok(state);
    for (let i = 0; i < count; i++) {
      state.sequence += 1n;
      watch.received({ cpu, sequence: state.sequence, kind: 'proc_mem_open', repeatCount: 0n });
    }
  }
}

/** Two checks, because one alone finds no gap. */
function checkTwice(watch: LossWatch) {
  return [1, 2].flatMap(() => {
    watch.drained();
    return watch.collect();
  });
}

function outline(
  losses: Iterable<{ cpu: number; reason: string; count: bigint }>,
): [number, string, bigint][] {
  return [...losses].map(({ cpu, reason, count }) => [cpu, reason, count]);
}

test('drops of several reasons on one CPU are all accounted for, and none of them is a gap', () => {
  const kernel = new Kernel();
  const watch = new LossWatch(kernel);
  checkTwice(watch);
  kernel.send(watch, 0, 3);
  kernel.drop(0, 'ring_full', 5n);
  kernel.drop(0, 'scratch_full', 7n);
  assert.deepEqual(outline(checkTwice(watch)), [
    [0, 'ring_full', 5n],
    [0, 'scratch_full', 7n],
  ]);
  assert.deepEqual(checkTwice(watch), []);
  assert.equal(watch.captured(), 3n + 5n + 7n);
  assert.equal(watch.notices, 2);
});

test('drops that an earlier process has reported are not counted as captured by this one', () => {
  const kernel = new Kernel();
  for (const [i, reason] of REASONS.entries()) {
    kernel.drop(0, reason, BigInt(10 + i));
    kernel.drop(1, reason, BigInt(20 + i));
  }
  const before = new LossWatch(kernel);
  before.collect();
  assert.equal(before.captured(), 10n + 11n + 20n + 21n);

  const after = new LossWatch(kernel);
  assert.equal(after.captured(), 0n);
  kernel.drop(0, 'scratch_full', 2n);
  kernel.send(after, 1, 4);
  // before the first check after which the buffer was empty, and after it
  assert.equal(after.captured(), 6n);
  assert.deepEqual(outline(checkTwice(after)), [[0, 'scratch_full', 2n]]);
  assert.equal(after.captured(), 6n);
});

test('losses of different CPUs are counted separately, and added up over time', () => {
  const kernel = new Kernel();
  const watch = new LossWatch(kernel);
  checkTwice(watch);
  for (const count of [1n, 2n]) {
    kernel.drop(0, 'ring_full', count);
    kernel.drop(1, 'ring_full', 10n * count);
    checkTwice(watch);
  }
  assert.deepEqual(outline(watch.lost()), [
    [0, 'ring_full', 3n],
    [1, 'ring_full', 30n],
  ]);
  assert.equal(watch.notices, 4);
});

test('a gap next to drops of both reasons is found in full, once, on its CPU', () => {
  const kernel = new Kernel();
  const watch = new LossWatch(kernel);
  checkTwice(watch);
  kernel.send(watch, 1, 2);
  kernel.drop(1, 'ring_full', 3n);
  kernel.drop(1, 'scratch_full', 4n);
  const [, second] = kernel.cpus;
  assert.ok(second);
  second.sequence += 5n;
  checkTwice(watch);
  assert.deepEqual(outline(checkTwice(watch)), [[1, 'sequence_gap', 5n]]);
  assert.deepEqual(checkTwice(watch), []);
  second.sequence += 6n;
  checkTwice(watch);
  const [gap, ...others] = checkTwice(watch);
  // by the last number the record of this gap differs from that of any other with as many events
  assert.deepEqual([gap?.cpu, gap?.reason, gap?.count, gap?.total], [1, 'sequence_gap', 6n, 20n]);
  assert.deepEqual(others, []);
  assert.equal(watch.captured(), 2n + 3n + 4n + 5n + 6n);
  assert.deepEqual(outline(watch.lost()).at(-1), [1, 'sequence_gap', 11n]);
});

test('unreadable records of another version count as captured and lost, and are reported once', () => {
  const kernel = new Kernel();
  const watch = new LossWatch(kernel, () => 9n);
  watch.abandoned(
    new Map([
      [0, 3],
      [1, 4],
    ]),
  );
  assert.equal(watch.captured(), 7n);
  const losses = watch.collect();
  assert.deepEqual(outline(losses), [
    [0, 'other_version', 3n],
    [1, 'other_version', 4n],
  ]);
  assert.equal(losses[0]?.total, 3n);
  assert.equal(losses[0].countersSinceNs, 7n);
  assert.deepEqual(watch.collect(), []);
  assert.deepEqual(outline(watch.lost()), outline(losses));
  assert.equal(watch.notices, 2);
});

test('an event without a number does not make up for a missing numbered one', () => {
  const kernel = new Kernel();
  const watch = new LossWatch(kernel);
  checkTwice(watch);
  const [first] = kernel.cpus;
  assert.ok(first);
  first.sequence += 1n;
  watch.received({ cpu: 0, sequence: 0n, kind: 'proc_mem_open', repeatCount: 0n });
  checkTwice(watch);
  assert.deepEqual(outline(checkTwice(watch)), [[0, 'sequence_gap', 1n]]);
  assert.equal(watch.captured(), 2n);
});
