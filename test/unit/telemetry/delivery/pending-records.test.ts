import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PendingRecords } from '../../../../src/telemetry/delivery/pending-records.ts';
import { BufferPool } from '../../../../src/telemetry/otlp/buffer-pool.ts';
import type { MessageWriter } from '../../../../src/telemetry/otlp/message-writer.ts';
import type { Batch } from '../../../../src/telemetry/spool/batch.ts';

const LIMITS = { records: 3, bytes: 100 };

function record(byte: number, bytes: number): (to: MessageWriter) => void {
  return to => to.raw(new Uint8Array(bytes).fill(byte));
}

/** A batch as its size and the first byte of each run of equal bytes. */
function outline(batch: Batch | undefined): unknown {
  if (batch === undefined) return undefined;
  const { records, body } = batch;
  return { records, bytes: body.length, content: [...new Set(body)] };
}

test('a batch is full at the allowed number of records', () => {
  const pending = new PendingRecords(1, LIMITS, new BufferPool());
  assert.equal(pending.add(record(1, 5)), undefined);
  assert.equal(pending.add(record(2, 5)), undefined);
  assert.deepEqual(outline(pending.add(record(3, 5))), { records: 3, bytes: 15, content: [1, 2, 3] });
  assert.equal(pending.take(), undefined);
});

test('a record that would make the batch too large begins the next one', () => {
  const pending = new PendingRecords(1, LIMITS, new BufferPool());
  pending.add(record(1, 60));
  assert.deepEqual(outline(pending.add(record(2, 60))), { records: 1, bytes: 60, content: [1] });
  assert.deepEqual(outline(pending.take()), { records: 1, bytes: 60, content: [2] });
});

test('a record that is too large by itself is a batch of its own', () => {
  const pending = new PendingRecords(1, LIMITS, new BufferPool());
  pending.add(record(1, 200));
  assert.deepEqual(outline(pending.add(record(2, 10))), { records: 1, bytes: 200, content: [1] });
});

test('a record that cannot be encoded does not change the others', () => {
  const pending = new PendingRecords(1, LIMITS, new BufferPool());
  pending.add(record(1, 10));
  assert.throws(
    () =>
      pending.add(to => {
        to.raw(new Uint8Array(50));
        throw new TypeError('no such value');
      }),
    TypeError,
  );
  pending.add(record(3, 10));
  assert.deepEqual(outline(pending.take()), { records: 2, bytes: 20, content: [1, 3] });
});

test('the bytes of a batch do not change when further records are added', () => {
  const pending = new PendingRecords(1, LIMITS, new BufferPool());
  pending.add(record(1, 10));
  const batch = pending.take();
  for (let i = 0; i < 5; i++) pending.add(record(9, 30));
  assert.deepEqual(outline(batch), { records: 1, bytes: 10, content: [1] });
});
