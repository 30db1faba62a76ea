import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventDecoder, HOOKS, KINDS, METHODS } from '../../../../src/capture/ring/decoder.ts';
import { EVENT, EVENT_SIZE, STRING_COUNT } from '../../../../src/capture/ring/layout.ts';
import { BUSY, DISCARDED, RingFile } from './ring-file.ts';

const RUNS = 500;
const AREA = 4_096;
/** Bytes around every record, which must never be read. */
const SECRET = 'S3CRET';

/** A record of any content; kind, hook and method may be known, and strings may have any length. */
const record = fc.record({
  fixed: fc.uint8Array({ minLength: EVENT_SIZE, maxLength: EVENT_SIZE }),
  known: fc.boolean(),
  kind: fc.integer({ min: 1, max: KINDS.length - 1 }),
  hook: fc.integer({ min: 1, max: HOOKS.length - 1 }),
  method: fc.integer({ min: 1, max: METHODS.length - 1 }),
  lengths: fc.array(fc.oneof(fc.nat(40), fc.nat(0xffff)), {
    minLength: STRING_COUNT,
    maxLength: STRING_COUNT,
  }),
  text: fc.uint8Array({ maxLength: 300 }),
});

type Fields = typeof record extends fc.Arbitrary<infer T> ? T : never;

function bytesOf({ fixed, known, kind, hook, method, lengths, text }: Fields): Buffer {
  const bytes = Buffer.concat([fixed, text]);
  if (!known) return bytes;
  bytes.writeUInt16LE(kind, EVENT.kind);
  bytes.writeUInt8(hook, EVENT.hook);
  bytes.writeUInt8(method, EVENT.method);
  for (const [i, length] of lengths.entries()) bytes.writeUInt16LE(length, EVENT.string_length + 2 * i);
  return bytes;
}

/** All text anywhere in an event. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

test('any bytes give an event or nothing, and no byte outside the record is read', () => {
  fc.assert(
    fc.property(record, fc.nat(30), (fields, cut) => {
      const bytes = bytesOf(fields);
      const length = Math.max(bytes.length - cut, 0);
      const memory = Buffer.from(new ArrayBuffer(AREA));
      memory.fill(SECRET);
      const offset = 64;
      bytes.copy(memory, offset, 0, length);
      memory.fill(SECRET, offset + length);
      const decode = () => new EventDecoder(memory.buffer).decode(offset, length);
      const event = decode();
      const total = fields.lengths.reduce((sum, length) => sum + length, 0);
      if (fields.known) assert.equal(event !== undefined, EVENT_SIZE + total <= length);
      if (event === undefined) return;
      // the bytes around a record do not change the event
      memory.fill(0x41, 0, offset);
      memory.fill(0x41, offset + length);
      assert.deepEqual(decode(), event);
      assert.ok(textsOf(event).every(text => !text.includes(SECRET)));
      assert.ok(KINDS.includes(event.kind) && HOOKS.includes(event.hook) && METHODS.includes(event.method));
    }),
    { numRuns: RUNS },
  );
});

test('a record at the end of the memory is decoded without a read beyond it', () => {
  fc.assert(
    fc.property(record, fields => {
      const bytes = bytesOf(fields);
      const memory = new ArrayBuffer(bytes.length);
      bytes.copy(Buffer.from(memory));
      const decoder = new EventDecoder(memory);
      decoder.decode(0, bytes.length);
      decoder.decodeFixedPart(0);
    }),
    { numRuns: RUNS },
  );
});

test('a record shorter than the fixed part gives nothing, also at the end of the memory', () => {
  for (let length = 0; length < EVENT_SIZE; length += 8)
    assert.equal(new EventDecoder(new ArrayBuffer(length)).decode(0, length), undefined);
});

test('any changed byte of a description gives another process', () => {
  const base = { fixed: new Uint8Array(EVENT_SIZE), known: true, kind: 1, hook: 1, method: 1 };
  const lengths = [0, 4, 0, 4, 0, 0, 0];
  const decode = (memory: Buffer, decoder: EventDecoder, text: string) => {
    bytesOf({ ...base, lengths, text: Buffer.from(text) }).copy(memory);
    return decoder.decode(0, memory.length)?.actor;
  };
  for (const [before, after] of [
    ['mmmmmmmm', 'mmmmmmma'],
    ['mmmmmmmm', 'mmmmmmmz'],
    ['mmmmmmmm', 'ammmmmmm'],
    ['mmmmmmmm', 'zmmmmmmm'],
  ] as const) {
    const memory = Buffer.from(new ArrayBuffer(EVENT_SIZE + 8));
    const decoder = new EventDecoder(memory.buffer);
    assert.notDeepEqual(decode(memory, decoder, after), decode(memory, decoder, before));
    assert.notDeepEqual(decode(memory, decoder, before), decode(memory, decoder, after));
  }
});

test('a remembered process never appears in the event of another record', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 2, maxLength: 5 }), all => {
      const memory = Buffer.from(new ArrayBuffer(AREA));
      const shared = new EventDecoder(memory.buffer);
      for (const fields of all) {
        const bytes = bytesOf({ ...fields, known: true, lengths: fields.lengths.map(length => length % 40) });
        // one thread id for all, since processes are remembered by it
        bytes.writeUInt32LE(7, EVENT.actor + 20);
        bytes.writeUInt32LE(7, EVENT.target + 20);
        memory.fill(0);
        bytes.copy(memory, 8);
        const length = AREA - 8;
        assert.deepEqual(shared.decode(8, length), new EventDecoder(memory.buffer).decode(8, length));
      }
    }),
    { numRuns: RUNS },
  );
});

test('records of any lengths and flags are read in the order in which they were written', t => {
  const entry = fc.record({
    content: fc.uint8Array({ minLength: 1, maxLength: 120 }),
    discarded: fc.boolean(),
    read: fc.boolean(),
    limit: fc.integer({ min: 1, max: 5 }),
  });
  const size = 16_384;
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 80 }), fc.boolean(), (entries, lastIsBusy) => {
      const file = new RingFile(t, size);
      const ring = file.open(t);
      const bytes = Buffer.from(ring.memory);
      const written: string[] = [];
      const seen: string[] = [];
      const visit = (offset: number, length: number) => {
        assert.ok(offset + length <= bytes.length);
        seen.push(bytes.toString('hex', offset, offset + length));
      };
      for (const { content, discarded, read, limit } of entries) {
        file.write(Buffer.from(content), discarded ? DISCARDED : 0);
        if (!discarded) written.push(Buffer.from(content).toString('hex'));
        if (read) assert.ok(ring.read(limit, visit) <= limit);
        ring.release();
      }
      if (lastIsBusy) file.write(Buffer.from('busy'), BUSY);
      ring.read(Number.POSITIVE_INFINITY, visit);
      assert.deepEqual(seen, written);
    }),
    { numRuns: 40 },
  );
});
