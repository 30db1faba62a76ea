import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from '../../../../src/telemetry/otlp/buffer-pool.ts';

const MEGABYTE = 1024 * 1024;

test('a returned buffer is reused, the smallest that fits', () => {
  const pool = new BufferPool();
  const small = pool.take(600_000, 0);
  const large = pool.take(MEGABYTE, 0);
  pool.give(large.subarray(0, 10));
  pool.give(small);
  assert.equal(pool.take(590_000, 0).buffer, small.buffer);
  assert.equal(pool.take(590_000, 0).buffer, large.buffer);
});

test('a buffer that is far too large is not used for a small request', () => {
  const pool = new BufferPool();
  const large = pool.take(MEGABYTE, 0);
  pool.give(large);
  assert.notEqual(pool.take(10_000, 0).buffer, large.buffer);
  assert.equal(pool.take(MEGABYTE, 0).buffer, large.buffer);
});

test('a buffer never has two owners', () => {
  const pool = new BufferPool();
  const first = pool.take(1_000, 0);
  assert.notEqual(pool.take(1_000, 0).buffer, first.buffer);
  pool.give(first);
  pool.give(first);
  assert.notEqual(pool.take(1_000, 0).buffer, pool.take(1_000, 0).buffer);
});

test('a buffer that is not from the pool is not added to it', () => {
  const pool = new BufferPool();
  const foreign = Buffer.alloc(MEGABYTE);
  pool.give(foreign);
  assert.notEqual(pool.take(MEGABYTE, 0).buffer, foreign.buffer);
});

test('the pool keeps no more free bytes than a few requests need', () => {
  const pool = new BufferPool();
  const taken = Array.from({ length: 20 }, () => pool.take(MEGABYTE, 0));
  for (const buffer of taken) pool.give(buffer);
  const known = new Set(taken.map(({ buffer }) => buffer));
  const again = taken.map(() => pool.take(MEGABYTE, 0)).filter(({ buffer }) => known.has(buffer));
  assert.equal(again.length, 4);
});

test('only bytes that begin directly after the room of a buffer have that room in front', () => {
  const pool = new BufferPool();
  const buffer = pool.take(1_000, 100);
  assert.equal(pool.roomBefore(buffer.subarray(100)), 100);
  assert.equal(pool.roomBefore(buffer.subarray(150)), 0);
  assert.equal(pool.roomBefore(Buffer.alloc(200).subarray(100)), 0);
  pool.give(buffer);
  assert.equal(pool.roomBefore(buffer.subarray(100)), 0);
});
