import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LossWatch } from '../../../src/accounting/loss-watch.ts';
import type { CpuCounters, DropReason } from '../../../src/capture/index.ts';

/** The kernel's side of CPU 0: its counters, and its map of the reported drops. */
class Kernel {
  readonly sinceNs = 7n;
  sequence = 0n;
  ringFull = 0n;
  repeats = 0n;
  saved = 0n;
  #reported = 0n;

  readonly reportedDrops = {
    sinceNs: this.sinceNs,
    count: (_: number, reason: DropReason) => (reason === 'ring_full' ? this.#reported : 0n),
    report: (_: number, __: DropReason, total: bigint) => {
      this.#reported = total;
    },
    save: () => {
      this.saved = this.#reported;
    },
  };

  pendingRepetitions(): bigint {
    return this.repeats;
  }

  counters(): CpuCounters[] {
    return [{ cpu: 0, sequence: this.sequence, dropped: { ring_full: this.ringFull, scratch_full: 0n } }];
  }

  /** Numbers events and delivers all but `gaps` of them. */
  send(watch: LossWatch, events: number, gaps = 0): void {
    for (let i = 0; i < events; i++) {
      this.sequence += 1n;
      if (i >= gaps) watch.received(event(this.sequence));
    }
  }

  drop(events: bigint): void {
    this.sequence += events;
    this.ringFull += events;
  }
}

function event(sequence: bigint) {
  return { cpu: 0, sequence, kind: 'proc_mem_open', repeatCount: 0n } as const;
}

/** Checks twice, with an empty buffer before each check. */
function checkTwice(watch: LossWatch) {
  return [1, 2].flatMap(() => {
    watch.drained();
    return watch.collect();
  });
}

function settled(kernel: Kernel): LossWatch {
  const watch = new LossWatch(kernel, () => 10n);
  checkTwice(watch);
  return watch;
}

function counts(losses: Iterable<{ reason: string; count: bigint }>): [string, bigint][] {
  return [...losses].map(({ reason, count }) => [reason, count]);
}

test('a rise of a drop counter is reported once, with the interval in which it happened', () => {
  const kernel = new Kernel();
  let now = 10n;
  const watch = new LossWatch(kernel, () => now);
  kernel.drop(3n);
  now = 20n;
  const first = {
    cpu: 0,
    reason: 'ring_full',
    count: 3n,
    total: 3n,
    countersSinceNs: 7n,
    startUnixNs: 10n,
    endUnixNs: 20n,
  };
  assert.deepEqual(watch.collect(), [first]);
  assert.deepEqual(watch.collect(), []);
  kernel.drop(5n);
  now = 30n;
  assert.deepEqual(watch.collect(), [{ ...first, count: 5n, total: 8n, startUnixNs: 20n, endUnixNs: 30n }]);
  assert.deepEqual(counts(watch.lost()), [['ring_full', 8n]]);
});

test('reported drops are saved in the kernel once their records are durable, and the next process reports only the rest', () => {
  const kernel = new Kernel();
  const watch = new LossWatch(kernel);
  kernel.drop(3n);
  watch.collect();
  assert.equal(kernel.saved, 0n);
  watch.saved();
  assert.equal(kernel.saved, 3n);
  kernel.drop(2n);
  const next = new LossWatch(kernel);
  assert.deepEqual(counts(next.collect()), [['ring_full', 2n]]);
  assert.deepEqual(counts(next.lost()), [['ring_full', 2n]]);
});

test('numbered events that neither arrived nor were dropped are a loss, reported once', () => {
  const kernel = new Kernel();
  const watch = settled(kernel);
  kernel.send(watch, 10, 4);
  kernel.drop(3n);
  assert.deepEqual(counts(checkTwice(watch)), [['ring_full', 3n]]);
  assert.deepEqual(counts(checkTwice(watch)), [['sequence_gap', 4n]]);
  kernel.send(watch, 5);
  assert.deepEqual(checkTwice(watch), []);
});

test('events that are still in the ring buffer do not count as lost', () => {
  const kernel = new Kernel();
  const watch = settled(kernel);
  kernel.sequence += 5n;
  // the buffer was not empty
  for (let i = 0; i < 4; i++) assert.deepEqual(watch.collect(), []);
  for (let n = 1n; n <= 5n; n++) watch.received(event(n));
  assert.deepEqual(checkTwice(watch), []);
});

test('two events with one number, and the number before it unused, are not a gap', () => {
  const kernel = new Kernel();
  const watch = settled(kernel);
  kernel.sequence = 2n;
  for (const sequence of [2n, 2n]) watch.received(event(sequence));
  assert.deepEqual(checkTwice(watch), []);
  assert.deepEqual(checkTwice(watch), []);
});

test('numbers from before this process are not a gap, and events that an earlier process left in the buffer are counted', () => {
  const kernel = new Kernel();
  kernel.sequence = 1_000n;
  const watch = new LossWatch(kernel);
  // the earlier process left the last ten in the buffer
  for (let n = 991n; n <= 1_000n; n++) watch.received(event(n));
  kernel.send(watch, 20);
  assert.deepEqual(checkTwice(watch), []);
  kernel.send(watch, 30);
  kernel.drop(4n);
  assert.deepEqual(counts(checkTwice(watch)), [['ring_full', 4n]]);
  assert.equal(watch.captured(), 10n + 20n + 30n + 4n);
});

test('repeats, and events without a number, count as captured', () => {
  const kernel = new Kernel();
  const watch = settled(kernel);
  kernel.send(watch, 1);
  watch.received({ ...event(1n), kind: 'repeat', repeatCount: 40n });
  watch.received(event(0n));
  assert.deepEqual(checkTwice(watch), []);
  assert.equal(watch.captured(), 42n);
  kernel.repeats = 5n;
  assert.equal(watch.captured(), 47n);
});

test('a drop that is counted later than it was numbered is neither a gap nor missing in the accounts', () => {
  const kernel = new Kernel();
  kernel.sequence = 1n;
  const watch = new LossWatch(kernel);
  checkTwice(watch);
  kernel.ringFull = 1n;
  checkTwice(watch);
  kernel.send(watch, 3);
  assert.deepEqual(checkTwice(watch), []);
  assert.equal(watch.captured(), 3n + 1n);
});
