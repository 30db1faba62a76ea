import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHangMeter, type Look } from '../../../../src/service/event-loop/hang-meter.ts';

const LOOK_MILLIS = 1_000;

/** Feeds looks, each one second after the one before unless it says otherwise; gives the time of the last. */
function hungAfter(looks: readonly (Partial<Look> | 'progress')[]): number {
  const meter = createHangMeter(LOOK_MILLIS);
  let look: Look = { nowMillis: 0, state: 'S', cpuMillis: 500, waitedMillis: 70 };
  let hung = meter(undefined);
  for (const change of looks) {
    if (change === 'progress') {
      hung = meter(undefined);
      look = { ...look, nowMillis: look.nowMillis + LOOK_MILLIS };
      continue;
    }
    look = { ...look, nowMillis: look.nowMillis + LOOK_MILLIS, ...change };
    hung = meter(look);
  }
  return hung;
}

test('a thread that sleeps in a system call hangs all the time, from the first look on', () => {
  assert.equal(hungAfter([{}, {}, {}, {}]), 3_000);
  assert.equal(hungAfter([{ state: 'D' }, { state: 'D' }]), 1_000);
});

test('progress begins it anew', () => {
  assert.equal(hungAfter([{}, {}, {}, 'progress']), 0);
  assert.equal(hungAfter([{}, {}, {}, 'progress', {}, {}]), 1_000);
});

test('a thread that spins hangs for the CPU time that it has', () => {
  const spins = [500, 1_400, 2_300].map(cpuMillis => ({ state: 'R', cpuMillis }));
  assert.equal(hungAfter(spins), 1_800);
});

test('CPU time that is counted late is no more than the time that passed', () => {
  assert.equal(hungAfter([{ state: 'R' }, { state: 'R', cpuMillis: 9_000 }]), 1_000);
});

test('a thread that waits for a CPU does not hang, also before the kernel has counted the wait', () => {
  assert.equal(hungAfter([{ state: 'R' }, { state: 'R' }, { state: 'R' }]), 0);
  assert.equal(hungAfter([{}, { waitedMillis: 970 }]), 100);
  assert.equal(hungAfter([{}, { waitedMillis: 5_000 }]), 0);
});

test('a stopped thread does not hang', () => {
  assert.equal(hungAfter([{ state: 'T' }, { state: 'T' }, { state: 't' }, { state: 't' }]), 0);
});

test('time in which the watching thread was late, too, is not counted', () => {
  // stopped, suspended, or starved together with the other one
  assert.equal(hungAfter([{ nowMillis: 1_000 }, { nowMillis: 601_000 }, { nowMillis: 602_000 }]), 1_000);
  assert.equal(hungAfter([{ nowMillis: 1_000 }, { nowMillis: 4_000 }]), 3_000);
  assert.equal(hungAfter([{ nowMillis: 1_000 }, { nowMillis: 4_001 }]), 0);
});
