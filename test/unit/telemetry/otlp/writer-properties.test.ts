import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import fc from 'fast-check';
import { BufferPool } from '../../../../src/telemetry/otlp/buffer-pool.ts';
import { buildExportRequest, splitRecords } from '../../../../src/telemetry/otlp/export-request.ts';
import { encodeResource, encodeScope, writeLogRecord } from '../../../../src/telemetry/otlp/log-encoder.ts';
import { MessageWriter } from '../../../../src/telemetry/otlp/message-writer.ts';
import { buildReadable } from '../readable-builder.ts';

const RUNS = 300;

/** Texts including lone surrogates, and of the lengths at which the encoding changes. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(30, 31, 32, 63, 64, 126, 127, 128, 129, 16_383, 16_384).map(length => 'x'.repeat(length)),
  fc.array(fc.constantFrom('\ud800', '\udfff', 'a', 'ü', '💾'), { maxLength: 40 }).map(all => all.join('')),
);
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.constantFrom(
    127,
    128,
    16_383,
    16_384,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 35,
    -1,
    -(2 ** 31),
  ),
);
const scalar = fc.oneof(text, number, fc.boolean());
const value = fc.oneof(
  scalar,
  fc.array(text, { maxLength: 8 }),
  fc.array(number, { maxLength: 8 }),
  fc.array(fc.boolean(), { maxLength: 8 }),
);
const attributes = fc.dictionary(text, value, { maxKeys: 12, noNullPrototype: true });
const record = fc
  .record({
    attributes,
    body: fc.option(text, { nil: undefined }),
    eventName: fc.option(text, { nil: undefined }),
    severityText: fc.option(text, { nil: undefined }),
    severityNumber: fc.option(fc.integer({ min: 0, max: 24 }), { nil: undefined }),
    seconds: fc.nat(2 ** 31),
    nanos: fc.nat(999_999_999),
    droppedAttributesCount: fc.nat(200),
  })
  .map(({ seconds, nanos, ...fields }) => ({
    ...fields,
    hrTime: [seconds, nanos] as [number, number],
    hrTimeObserved: [seconds + 1, nanos] as [number, number],
  }));

test('for any record the bytes are those of the SDK’s serializer', () => {
  const base = buildReadable();
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), attributes, (fields, ofResource) => {
      const resource = resourceFromAttributes(ofResource);
      const records = fields.map(own => ({ ...base, ...own, resource }) as unknown as ReadableLogRecord);
      const reference = ProtobufLogsSerializer.serializeRequest(records);
      assert.ok(reference);
      const context = { resource: encodeResource(resource), scope: encodeScope(base.instrumentationScope) };
      // one buffer that grows and was used before
      const pool = new BufferPool();
      pool.give(pool.take(200_000, 0).fill(0xff));
      const writer = new MessageWriter(16, pool);
      for (const record of records) writeLogRecord(writer, record);
      const request = buildExportRequest(context, [writer.bytes()], pool);
      assert.equal(request.toString('hex'), Buffer.from(reference).toString('hex'));
      assert.equal(splitRecords(writer.bytes()).length, records.length);
    }),
    { numRuns: RUNS },
  );
});

test('a body is split into its records, and bytes that are not a body throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), contents => {
      const records = contents.map(content => {
        const writer = new MessageWriter(0);
        writer.delimited(2, content.length);
        writer.raw(content);
        return Buffer.from(writer.bytes());
      });
      assert.deepEqual(splitRecords(Buffer.concat(records)).map(Buffer.from), records);
    }),
    { numRuns: RUNS },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
      try {
        const records = splitRecords(bytes);
        assert.deepEqual(Buffer.concat(records), Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }),
    { numRuns: RUNS },
  );
});
