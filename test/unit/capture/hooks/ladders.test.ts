import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventKind } from '../../../../src/capture/event.ts';
import { LADDERS, laddersFor } from '../../../../src/capture/hooks/ladders/index.ts';

function capabilities(...kinds: EventKind[]): string[] {
  return laddersFor(new Set(kinds)).map(({ capability }) => capability);
}

test('memory_protection is not hooked unless it is selected', () => {
  assert.deepEqual(capabilities('ptrace'), ['ptrace']);
  assert.deepEqual(capabilities('mem_protect'), ['memory_protection']);
});

// with descriptors alone selected no opener was recorded, and every use of a descriptor looked like a theft
test('opens are hooked wherever descriptors are, since only an open records the opener', () => {
  assert.deepEqual(capabilities('fd_transfer'), ['file_open', 'descriptor', 'memory_io']);
  assert.deepEqual(capabilities('mem_io'), ['file_open', 'memory_io']);
});

test('without a choice every capability is wanted', () => {
  assert.equal(laddersFor(undefined), LADDERS);
});
