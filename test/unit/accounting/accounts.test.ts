import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Books, keepBooks } from '../../../src/accounting/accounts.ts';
import type { CapturedEvent } from '../../../src/capture/index.ts';
import { loadSettings } from '../../../src/config/index.ts';
import { type DetectionStage, PreparedDetection } from '../../../src/detect/detection-stage.ts';
import { noTotals } from '../../../src/telemetry/spool/totals.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { buildActor, buildCapturedEvent, buildProcess } from '../event-builder.ts';

const READ_WRITE = 2;

const RULES = `exceptions:
  - name: known debugger
    when: actor.exe == "/usr/bin/gdb"
    action: drop
  - name: half of it
    events: [proc_mem_access]
    when: actor.exe == "/usr/bin/half"
    action: drop
`;

/** A stage with windows of `windowMillis`, and the number of records that it has made. */
function start(t: TestContext, windowMillis: number) {
  const directory = temporaryDirectory(t);
  const exceptionsPath = join(directory, 'exceptions.yaml');
  writeFileSync(exceptionsPath, RULES);
  const settings = loadSettings({
    env: {
      MEMWARDEN_DETECT_EXCEPTIONS_PATH: exceptionsPath,
      MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: String(windowMillis),
    },
  });
  const made = { records: 0 };
  const stage = new PreparedDetection(settings, () => 0n).start(() => {
    made.records += 1;
  });
  return { stage, made };
}

/** An open of another process's memory by a program of this name. */
function open(name: string, fields: Partial<CapturedEvent> = {}): CapturedEvent {
  return buildCapturedEvent({ actor: buildActor({ executablePath: `/usr/bin/${name}` }), ...fields });
}

function booksOf(stage: DetectionStage, captured: number, emitted: number): Books {
  const kernel = { captured: () => BigInt(captured), lost: () => [], notices: 0 };
  const evicted = { ...noTotals().evicted, output: 0 };
  const delivery = { emitted, inherited: 0, accepted: emitted, spooled: 0, refused: 0, evicted };
  return keepBooks(kernel, stage.counts(), delivery);
}

function assertBalance({ events, detections, records }: Books): void {
  assert.equal(events.inFlight, 0);
  const { found, excepted, reported, summarized, pending } = detections;
  assert.equal(found, excepted + reported + summarized + pending);
  assert.equal(records.emitted, reported + records.summaries + records.notices);
}

for (const windowMillis of [0, 600_000]) {
  test(`the accounts balance at every moment of a storm, with a window of ${windowMillis} ms`, t => {
    const { stage, made } = start(t, windowMillis);
    let captured = 0;
    const acts: CapturedEvent[] = [
      open('python3'),
      open('python3', { flags: READ_WRITE }),
      open('gdb'),
      open('half', { flags: READ_WRITE }),
      open('python3', { kind: 'mem_protect', method: 'mprotect' }),
      open('python3', { kind: 'repeat', repeatCount: 250n }),
      open('gdb', { kind: 'repeat', repeatCount: 30n }),
      open('python3', { target: buildProcess({ tgid: 77 }), result: -13 }),
    ];
    for (let i = 0; i < 800; i++) {
      const act = acts[(i * 5) % acts.length];
      assert.ok(act !== undefined);
      captured += act.kind === 'repeat' ? Number(act.repeatCount) : 1;
      stage.accept(act);
      if (i % 10 === 0) {
        captured += 1;
        stage.ignore(open('node', { selfAccess: true }));
      }
      assertBalance(booksOf(stage, captured, made.records));
    }
    const { events, detections } = booksOf(stage, captured, made.records);
    assert.deepEqual(events, {
      captured,
      detected: 100 * (1 + 1 + 1 + 250 + 1),
      excepted: 100 * (1 + 30),
      filtered: 100 + 80,
      lost: 0,
      inFlight: 0,
    });
    assert.equal(detections.found, 100 * (1 + 2 + 1 + 2 + 250 + 30 + 1));
    assert.equal(detections.excepted, 100 * (1 + 1 + 30));
    assert.equal(detections.pending > 0, windowMillis > 0);

    stage.flush();
    const flushed = booksOf(stage, captured, made.records);
    assertBalance(flushed);
    assert.equal(flushed.detections.pending, 0);
    assert.deepEqual(
      [...stage.counts().exceptions].filter(([, count]) => count > 0),
      [
        ['known debugger', 100 * 31],
        ['half of it', 100],
      ],
    );
  });
}

test('the pending summaries of an earlier process are in the accounts of the next as detections, and not as events', t => {
  const before = start(t, 600_000);
  for (let i = 0; i < 5; i++) before.stage.accept(open('python3'));
  // the process ends here without flush()
  const checkpoint = new Map(
    [...before.stage.takeChanges()].flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  const { stage, made } = start(t, 600_000);
  stage.resume(checkpoint);
  const books = booksOf(stage, 0, made.records);
  assertBalance(books);
  assert.equal(books.detections.summarized, 4);
  assert.equal(made.records, 1);
});
