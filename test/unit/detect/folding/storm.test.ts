import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Detection } from '../../../../src/detect/detection.ts';
import { createEngine } from '../../../../src/detect/engine.ts';
import { createStormFilter, type StormFilterOptions } from '../../../../src/detect/folding/storm.ts';
import type { EnrichedEvent } from '../../../../src/enrich/event.ts';
import { BOOT_UNIX_NS, buildActor, buildEnrichedEvent, buildProcess } from '../../event-builder.ts';

const engine = createEngine({ events: ['signatures', 'base'] });

function detectionOf(fields: Partial<EnrichedEvent> = {}): Detection {
  const [detection] = engine.detect(buildEnrichedEvent(fields));
  assert.ok(detection !== undefined);
  return detection;
}

/** A filter, the detections that it reported, and the clock that it uses. */
function filterWith(t: TestContext, options: Omit<StormFilterOptions, 'emit'> = {}) {
  const clock = { millis: 1000 };
  t.mock.method(performance, 'now', () => clock.millis);
  const reported: Detection[] = [];
  return {
    clock,
    reported,
    filter: createStormFilter({ ...options, emit: detection => reported.push(detection) }),
  };
}

const at = (seconds: bigint, fields: Partial<EnrichedEvent> = {}) =>
  detectionOf({ timeNs: seconds * 1_000_000_000n, sequence: seconds, ...fields });

test('identical detections become the first and one summary', t => {
  const { clock, reported, filter } = filterWith(t);
  for (const second of [1n, 2n, 3n, 4n]) filter.offer(at(second));
  assert.deepEqual(reported, [at(1n)]);
  clock.millis += 9_999;
  filter.sweep();
  assert.equal(reported.length, 1);
  clock.millis += 1;
  filter.sweep();
  assert.equal(reported.length, 2);
  assert.deepEqual(reported[1]?.repeat, {
    count: 3,
    firstUnixNs: BOOT_UNIX_NS + 2_000_000_000n,
    lastUnixNs: BOOT_UNIX_NS + 4_000_000_000n,
  });
});

test('a summary has the event of the last pending detection, so that no two records have the same uid', t => {
  const { reported, filter } = filterWith(t);
  for (const second of [1n, 2n, 3n]) filter.offer(at(second));
  filter.flush();
  assert.deepEqual(
    reported.map(({ event }) => event.sequence),
    [1n, 3n],
  );
});

test('a detection that is not repeated has no summary', t => {
  const { clock, reported, filter } = filterWith(t);
  filter.offer(at(1n));
  clock.millis += 60_000;
  filter.sweep();
  filter.flush();
  assert.equal(reported.length, 1);
});

test('a storm that goes on is reported once in each window', t => {
  const { clock, reported, filter } = filterWith(t);
  for (let second = 1n; second <= 25n; second++) {
    filter.offer(at(second));
    clock.millis += 1000;
  }
  filter.flush();
  assert.deepEqual(
    reported.map(({ repeat }) => repeat?.count ?? 1),
    [1, 9, 1, 9, 1, 4],
  );
});

test('a flush reports all pending summaries', t => {
  const { reported, filter } = filterWith(t);
  filter.offer(at(1n));
  filter.offer(at(2n));
  filter.flush();
  filter.flush();
  assert.deepEqual(
    reported.map(({ repeat }) => repeat?.count),
    [undefined, 1],
  );
});

test('detections that differ are all reported', t => {
  const { reported, filter } = filterWith(t);
  const different: readonly Partial<EnrichedEvent>[] = [
    {},
    { actor: buildActor({ tgid: 1 }) },
    { actor: buildActor({ startTimeNs: 1n }) },
    { actor: buildActor({ executablePath: '/tmp/x' }) },
    { target: buildProcess({ tgid: 9 }) },
    { target: buildProcess({ startTimeNs: 9n }) },
    { result: -13 },
    { result: -1 },
    { result: undefined },
    { flags: 1 },
    { kind: 'mem_io', method: 'fd_read' },
    { kind: 'kcore_open', target: undefined, path: '/proc/kcore' },
    { kind: 'file_open', target: undefined, path: '/etc/passwd' },
    { kind: 'file_open', target: undefined, path: '/etc/shadow' },
    { kind: 'mem_protect', method: 'mprotect', target: undefined, protection: 7 },
    { kind: 'mem_protect', method: 'mprotect', target: undefined, protection: 5 },
  ];
  for (const fields of different) filter.offer(detectionOf(fields));
  assert.equal(reported.length, different.length);
  for (const fields of different) filter.offer(detectionOf(fields));
  assert.equal(reported.length, different.length);
});

test('all successful results are the same outcome', t => {
  const { reported, filter } = filterWith(t);
  filter.offer(at(1n, { result: 3 }));
  filter.offer(at(2n, { result: 4 }));
  assert.equal(reported.length, 1);
});

test('bytes that moved add up in the summary', t => {
  const { reported, filter } = filterWith(t);
  const read = { kind: 'process_vm', method: 'process_vm_readv', path: undefined } as const;
  for (const [second, sizeBytes] of [
    [1n, 10n],
    [2n, 20n],
    [3n, 30n],
  ] as const)
    filter.offer(at(second, { ...read, sizeBytes }));
  filter.flush();
  assert.deepEqual(
    reported.map(({ event }) => event.sizeBytes),
    [10n, 50n],
  );
});

test('repeats that the kernel counted are reported at once, beside the summary of those that came one by one', t => {
  const { reported, filter } = filterWith(t);
  filter.offer(at(1n));
  filter.offer(at(2n));
  filter.offer(at(9n, { kind: 'repeat', repeatCount: 100n, repeatFirstNs: 3_000_000_000n }));
  assert.deepEqual(reported[1]?.repeat, {
    count: 100,
    firstUnixNs: BOOT_UNIX_NS + 3_000_000_000n,
    lastUnixNs: BOOT_UNIX_NS + 9_000_000_000n,
  });
  filter.flush();
  assert.equal(reported[2]?.repeat?.count, 1);
});

test('repeats that the kernel counted after the window are reported as they are', t => {
  const { clock, reported, filter } = filterWith(t);
  filter.offer(at(1n));
  clock.millis += 10_000;
  filter.offer(at(12n, { kind: 'repeat', repeatCount: 5n, repeatFirstNs: 2_000_000_000n }));
  assert.deepEqual(
    reported.map(({ repeat }) => repeat?.count),
    [undefined, 5],
  );
});

test('memory is bounded: the oldest window is closed early, with its summary', t => {
  const { reported, filter } = filterWith(t, { detectionsMax: 2 });
  const of = (tgid: number) => detectionOf({ target: buildProcess({ tgid }) });
  for (const tgid of [10, 10, 11, 12, 13, 13]) filter.offer(of(tgid));
  filter.flush();
  assert.deepEqual(
    reported.map(({ event, repeat }) => [event.target?.tgid, repeat?.count]),
    [
      [10, undefined],
      [11, undefined],
      [12, undefined],
      [10, 1],
      [13, undefined],
      [13, 1],
    ],
  );
});

test('with a window of 0 ms each detection is reported at once', t => {
  const { reported, filter } = filterWith(t, { windowMillis: 0 });
  for (const second of [1n, 2n, 3n]) filter.offer(at(second));
  filter.flush();
  assert.equal(reported.length, 3);
});

test('a pending summary is among the changes when it has grown, and its deletion when it was reported', t => {
  const { reported, filter } = filterWith(t);
  filter.offer(at(1n));
  assert.equal(filter.takeChanges().size, 0);
  filter.offer(at(2n));
  filter.offer(at(3n));
  const [[key, saved] = []] = filter.takeChanges();
  assert.equal(saved?.repeat?.count, 2);
  assert.equal(filter.takeChanges().size, 0);

  filter.flush();
  assert.deepEqual([...filter.takeChanges()], [[key, null]]);
  assert.deepEqual(reported[1], saved);
});

test('pending() counts the detections of all windows', t => {
  const { filter } = filterWith(t);
  for (const second of [1n, 2n, 3n]) filter.offer(at(second));
  for (const second of [4n, 5n]) filter.offer(at(second, { result: -13 }));
  assert.equal(filter.pending(), 2 + 1);
  filter.flush();
  assert.equal(filter.pending(), 0);
});

test('detections of several CPUs can arrive out of order: a summary spans from the earliest to the latest', t => {
  const { reported, filter } = filterWith(t);
  for (const second of [2n, 4n, 3n, 6n, 5n]) filter.offer(at(second));
  filter.flush();
  assert.deepEqual(reported[1]?.repeat, {
    count: 4,
    firstUnixNs: BOOT_UNIX_NS + 3_000_000_000n,
    lastUnixNs: BOOT_UNIX_NS + 6_000_000_000n,
  });
});
