import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from '../../../../src/telemetry/otlp/buffer-pool.ts';

const MEGABYTE = 1024 * 1024;

test('a buffer that was given is taken again, the smallest that fits', () => {
  const pool = new BufferPool();
  const small = pool.take(600_000);
  const large = pool.take(MEGABYTE);
  pool.give(large.subarray(0, 10));
  pool.give(small);
  assert.equal(pool.take(590_000).buffer, small.buffer);
  assert.equal(pool.take(590_000).buffer, large.buffer);
});

test('a buffer that is far too large is left for who needs it', () => {
  const pool = new BufferPool();
  const large = pool.take(MEGABYTE);
  pool.give(large);
  assert.notEqual(pool.take(10_000).buffer, large.buffer);
  assert.equal(pool.take(MEGABYTE).buffer, large.buffer);
});

test('a buffer is never with two owners', () => {
  const pool = new BufferPool();
  const first = pool.take(1_000);
  assert.notEqual(pool.take(1_000).buffer, first.buffer);
  pool.give(first);
  pool.give(first);
  assert.notEqual(pool.take(1_000).buffer, pool.take(1_000).buffer);
});

test('what was not taken from the pool does not get into it', () => {
  const pool = new BufferPool();
  const foreign = Buffer.alloc(MEGABYTE);
  pool.give(foreign);
  assert.notEqual(pool.take(MEGABYTE).buffer, foreign.buffer);
});

test('no more is kept than a few requests need', () => {
  const pool = new BufferPool();
  const taken = Array.from({ length: 20 }, () => pool.take(MEGABYTE));
  for (const buffer of taken) pool.give(buffer);
  const known = new Set(taken.map(({ buffer }) => buffer));
  const again = taken.map(() => pool.take(MEGABYTE)).filter(({ buffer }) => known.has(buffer));
  assert.equal(again.length, 4);
});
