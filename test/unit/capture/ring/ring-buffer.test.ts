import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResumePoint } from '../../../../src/capture/ring/resume-point.ts';
import type { RingBuffer } from '../../../../src/capture/ring/ring-buffer.ts';
import type { Checkpoint } from '../../../../src/checkpoint.ts';
import { BUSY, DISCARDED, RingFile } from './ring-file.ts';

const SIZE = 4_096;
const CREATED_NS = 77n;

/** The texts of the records that are read in one round. */
function read(ring: RingBuffer, limit = 100): string[] {
  const bytes = Buffer.from(ring.memory);
  const texts: string[] = [];
  ring.read(limit, (offset, length) => texts.push(bytes.toString('latin1', offset, offset + length)));
  return texts;
}

function keptOf(point: ResumePoint): Checkpoint {
  return new Map([...point.changes()].flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

test('records are read in their order, as many as are asked for', t => {
  const file = new RingFile(t, SIZE);
  for (const text of ['a', 'bb', 'c'.repeat(17)]) file.write(Buffer.from(text));
  const ring = file.open(t);
  assert.deepEqual(read(ring, 2), ['a', 'bb']);
  assert.deepEqual(read(ring), ['c'.repeat(17)]);
  assert.deepEqual(read(ring), []);
  assert.equal(ring.position, ring.end);
});

test('a record that is still being written ends the round; a discarded one is skipped', t => {
  const file = new RingFile(t, SIZE);
  file.write(Buffer.from('a'));
  const busy = file.write(Buffer.from('bb'), BUSY);
  file.write(Buffer.from('gone'), DISCARDED);
  file.write(Buffer.from('d'));
  const ring = file.open(t);
  assert.deepEqual(read(ring), ['a']);
  file.finish(busy, 2);
  assert.deepEqual(read(ring), ['bb', 'd']);
});

test('records that were read and not released are read again by the next process', t => {
  const file = new RingFile(t, SIZE);
  for (const text of ['a', 'b', 'c']) file.write(Buffer.from(text));
  const ring = file.open(t);
  read(ring, 1);
  ring.release();
  read(ring, 1);
  assert.deepEqual(read(file.open(t)), ['b', 'c']);
});

test('a record that wraps around the end of the buffer is read in one piece', t => {
  const file = new RingFile(t, SIZE);
  const ring = file.open(t);
  for (let i = 0; i < 40; i++) {
    file.write(Buffer.from(String(i).padEnd(200, 'x')));
    assert.deepEqual(read(ring), [String(i).padEnd(200, 'x')]);
    ring.release();
  }
});

test('a process continues where the previous one had saved all events', t => {
  const file = new RingFile(t, SIZE);
  for (const text of ['a', 'b', 'c']) file.write(Buffer.from(text));
  const before = file.open(t);
  read(before, 2);
  const kept = keptOf(new ResumePoint(before, CREATED_NS));

  const after = file.open(t);
  new ResumePoint(after, CREATED_NS).resume(kept);
  assert.deepEqual(read(after), ['c']);
});

test('the resume point of other maps, or one that is truncated or missing, is ignored', t => {
  const file = new RingFile(t, SIZE);
  for (const text of ['a', 'b', 'c']) file.write(Buffer.from(text));
  const before = file.open(t);
  read(before, 2);
  const kept = keptOf(new ResumePoint(before, CREATED_NS));
  const short = new Map([...kept].map(([name, value]) => [name, value.subarray(0, 8)]));
  for (const [created, checkpoint] of [
    [CREATED_NS + 1n, kept],
    [CREATED_NS, short],
    [CREATED_NS, new Map()],
  ] as const) {
    const after = file.open(t);
    new ResumePoint(after, created).resume(checkpoint);
    assert.deepEqual(read(after), ['a', 'b', 'c']);
  }
});

test('a resume point before the released position, or beyond the end, is ignored', t => {
  const file = new RingFile(t, SIZE);
  for (const text of ['a', 'b']) file.write(Buffer.from(text));
  const ring = file.open(t);
  ring.skipTo(ring.end + 8n);
  assert.deepEqual(read(ring, 1), ['a']);
  ring.skipTo(0n);
  assert.deepEqual(read(ring), ['b']);
});
