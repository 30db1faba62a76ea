import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keepBooks } from '../../../src/accounting/accounts.ts';
import type { CapturedEvent } from '../../../src/capture/index.ts';
import type { Checkpoint } from '../../../src/checkpoint.ts';
import { loadSettings } from '../../../src/config/index.ts';
import type { Detection } from '../../../src/detect/detection.ts';
import { type DetectionStage, PreparedDetection } from '../../../src/detect/detection-stage.ts';
import { noTotals } from '../../../src/telemetry/spool/totals.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { buildActor, buildCapturedEvent } from '../event-builder.ts';

const RULES = `exceptions:
  - name: known
    when: actor.exe == "/usr/bin/known"
    action: drop
  - name: half
    events: [proc_mem_access]
    when: actor.exe == "/usr/bin/half"
    action: drop
`;
const READ_WRITE = 2;

/** A detection stage, and the detections that it has emitted. */
function start(t: TestContext): { stage: DetectionStage; emitted: Detection[] } {
  const exceptionsPath = join(temporaryDirectory(t), 'exceptions.yaml');
  writeFileSync(exceptionsPath, RULES);
  const env = {
    MEMWARDEN_DETECT_EXCEPTIONS_PATH: exceptionsPath,
    MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '600000',
  };
  const emitted: Detection[] = [];
  const stage = new PreparedDetection(loadSettings({ env }), () => 0n).start(detection =>
    emitted.push(detection),
  );
  return { stage, emitted };
}

function open(name: string, fields: Partial<CapturedEvent> = {}): CapturedEvent {
  return buildCapturedEvent({ actor: buildActor({ executablePath: `/usr/bin/${name}` }), ...fields });
}

/** The checkpoint of the stage, as a restarted process would find it. */
function checkpointOf(stage: DetectionStage): Checkpoint {
  return new Map([...stage.takeChanges()].flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

test('each event is counted in one of three places, and a repeat as many times as its count', t => {
  const { stage } = start(t);
  stage.accept(open('python3'));
  stage.accept(open('python3', { kind: 'repeat', repeatCount: 9n }));
  stage.accept(open('known'));
  stage.accept(open('known', { kind: 'repeat', repeatCount: 4n }));
  stage.accept(open('half', { flags: READ_WRITE }));
  stage.accept(open('python3', { kind: 'mem_protect', method: 'mprotect' }));
  stage.accept(open('python3', { kind: 'repeat', method: 'mprotect', repeatCount: 6n }));
  stage.ignore(open('node', { kind: 'repeat', repeatCount: 3n }));
  stage.ignore(open('node'));
  const { events, detections } = stage.counts();
  assert.deepEqual(events, { detected: 1 + 9 + 1, excepted: 1 + 4, filtered: 1 + 6 + 3 + 1 });
  assert.deepEqual(detections, {
    found: 1 + 9 + 1 + 4 + 2,
    excepted: 1 + 4 + 1,
    reported: 2,
    summarized: 9,
    pending: 0,
  });
});

test('a pending detection is in the accounts until its summary is a record', t => {
  const { stage, emitted } = start(t);
  for (let i = 0; i < 5; i++) stage.accept(open('python3'));
  assert.equal(stage.counts().detections.pending, 4);
  assert.equal(stage.counts().summaries, 0);
  stage.flush();
  const { detections, summaries } = stage.counts();
  assert.deepEqual([detections.reported, detections.summarized, detections.pending, summaries], [1, 4, 0, 1]);
  assert.deepEqual(
    emitted.map(({ repeat }) => repeat?.count),
    [undefined, 4],
  );
});

test('a summary that was pending in an earlier process is reported once, and its checkpoint entry is deleted', t => {
  const before = start(t);
  for (let i = 0; i < 5; i++) before.stage.accept(open('python3'));
  const checkpoint = checkpointOf(before.stage);
  assert.equal(checkpoint.size, 1);

  const { stage, emitted } = start(t);
  stage.resume(new Map([...checkpoint, ['ring', Uint8Array.of(1)], ['repeat/00', Uint8Array.of(2)]]));
  assert.deepEqual(
    emitted.map(({ repeat }) => repeat?.count),
    [4],
  );
  assert.equal(stage.counts().detections.found, 4);
  const changes = stage.takeChanges();
  assert.deepEqual(
    [...changes],
    [...checkpoint.keys()].map(name => [name, null]),
  );
  assert.equal(stage.takeChanges().size, 0);
});

test('an unreadable checkpoint entry is deleted, and the others are reported', t => {
  const before = start(t);
  for (let i = 0; i < 5; i++) before.stage.accept(open('python3'));
  const checkpoint = checkpointOf(before.stage);
  const { stage, emitted } = start(t);
  stage.resume(new Map([['held/broken', Uint8Array.of(1, 2, 3)], ...checkpoint]));
  assert.equal(emitted.length, 1);
  assert.equal(stage.takeChanges().get('held/broken'), null);
});

test('the accounts add up the losses of all CPUs, and an event that is in none of the places is in flight', t => {
  const { stage } = start(t);
  stage.accept(open('python3'));
  stage.accept(open('known'));
  stage.ignore(open('node'));
  const capture = {
    captured: () => 20n,
    lost: () => [{ count: 3n }, { count: 5n }],
    notices: 2,
  };
  const evicted = { ...noTotals().evicted, output: 0 };
  const delivery = { emitted: 3, inherited: 0, accepted: 3, spooled: 0, refused: 0, evicted };
  const books = keepBooks(capture, stage.counts(), delivery);
  assert.equal(books.events.lost, 8);
  assert.equal(books.events.inFlight, 20 - 3 - 8);
  assert.equal(books.records.notices, 2);
});

test('the rules of a user are tried before the shipped ones', t => {
  const { stage, emitted } = start(t);
  stage.accept(open('known'));
  assert.equal(emitted.length, 0);
  assert.equal(stage.counts().exceptions.get('known'), 1);
  assert.equal(stage.reload(), true);
});
