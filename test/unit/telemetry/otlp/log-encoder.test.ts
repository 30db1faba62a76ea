import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { BufferPool } from '../../../../src/telemetry/otlp/buffer-pool.ts';
import { buildExportRequest, splitRecords } from '../../../../src/telemetry/otlp/export-request.ts';
import { encodeResource, encodeScope, writeLogRecord } from '../../../../src/telemetry/otlp/log-encoder.ts';
import { MessageWriter } from '../../../../src/telemetry/otlp/message-writer.ts';
import { createResource } from '../../../../src/telemetry/record/resource.ts';
import { buildReadable, encodeLogRecord } from '../readable-builder.ts';

/** Encodes with our encoder and with the SDK's serializer, and asserts the same bytes. */
function assertSameAsReference(records: readonly ReadableLogRecord[]): void {
  const [first] = records;
  assert(first);
  const context = {
    resource: encodeResource(first.resource),
    scope: encodeScope(first.instrumentationScope),
  };
  const bodies = records.map(encodeLogRecord);
  const ours = buildExportRequest(context, bodies);
  const reference = ProtobufLogsSerializer.serializeRequest([...records]);
  assert(reference);
  assert.equal(ours.toString('hex'), Buffer.from(reference).toString('hex'));
}

test('the record of a detection is encoded as the reference serializer does', () => {
  assertSameAsReference([buildReadable(), buildReadable({ sequence: 2n })]);
});

test('values at the edges of their encodings are encoded as the reference serializer does', () => {
  const resource = createResource({});
  const values = {
    zero: 0,
    one: 1,
    byte: 127,
    twoBytes: 128,
    int31: 2 ** 31 - 1,
    int32: 2 ** 32,
    int35: 2 ** 35,
    safe: Number.MAX_SAFE_INTEGER,
    int63: 2 ** 62,
    // no int64: a program can pass any length to mmap(2)
    uint63: 2 ** 63,
    uint64: 2 ** 64,
    minusInt63: -(2 ** 63),
    minusUint64: -(2 ** 64),
    listOfHuge: [2 ** 64, 1],
    minusOne: -1,
    minusSafe: Number.MIN_SAFE_INTEGER,
    fraction: 0.1,
    infinite: Number.POSITIVE_INFINITY,
    yes: true,
    no: false,
    empty: '',
    emptyList: [] as string[],
    list: ['a', 'ü', ''],
    numbers: [1, 2.5],
    umlaut: 'Größe',
    longUmlaut: 'ä'.repeat(100),
    emoji: '💾'.repeat(20),
    ascii31: 'x'.repeat(31),
    ascii32: 'x'.repeat(32),
    ascii127: 'x'.repeat(127),
    ascii128: 'x'.repeat(128),
    huge: 'y'.repeat(70_000),
  };
  const record = { ...buildReadable(), attributes: values, body: 'Körper', resource };
  assertSameAsReference([record]);
});

test('a record without the optional fields is encoded as the reference serializer does', () => {
  const { eventName: _, severityText: __, severityNumber: ___, body: ____, ...rest } = { ...buildReadable() };
  assertSameAsReference([{ ...rest, attributes: {} }]);
});

test('a lone surrogate becomes the replacement character, as in the reference serializer', () => {
  assertSameAsReference([{ ...buildReadable(), attributes: { name: `x\ud800y${'z'.repeat(40)}` } }]);
});

test('a value that OTLP has no type for is refused', () => {
  const record = { ...buildReadable(), attributes: { bad: 1n as unknown as number } };
  assert.throws(() => writeLogRecord(new MessageWriter(0), record), TypeError);
});

test('a request whose head is in the room of its only body has the same bytes, and the body is unchanged', () => {
  const pool = new BufferPool();
  const record = buildReadable();
  const context = {
    resource: encodeResource(record.resource),
    scope: encodeScope(record.instrumentationScope),
  };
  const writer = new MessageWriter(4_000, pool, 2_000);
  writeLogRecord(writer, record);
  const body = writer.bytes();
  const before = Buffer.from(body);
  const request = buildExportRequest(context, [body], pool);
  assert.equal(request.buffer, body.buffer);
  assert.deepEqual(body, before);
  assert.deepEqual(request, buildExportRequest(context, [before]));
  const tight = new MessageWriter(4_000, pool, 10);
  tight.raw(before);
  assert.deepEqual(buildExportRequest(context, [tight.bytes()], pool), request);
});

test('a body is cut at the borders of its records', () => {
  const records = [1n, 2n, 3n].map(sequence => encodeLogRecord(buildReadable({ sequence })));
  const body = Buffer.concat(records);
  assert.deepEqual(splitRecords(body).map(Buffer.from), records.map(Buffer.from));
  assert.deepEqual(splitRecords(new Uint8Array()), []);
  assert.throws(() => splitRecords(body.subarray(0, -1)), RangeError);
  assert.throws(() => splitRecords(body.subarray(1)), RangeError);
});
