import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HOOKS, KINDS, METHODS } from '../../../../src/capture/ring/decoder.ts';
import * as layout from '../../../../src/capture/ring/layout.ts';
import { readBtf } from './btf.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'x86';
const path = fileURLToPath(new URL(`../../../../bpf/build/memwarden-${architecture}.bpf.o`, import.meta.url));

const STRUCTURES = [
  { name: 'mw_event', offsets: layout.EVENT, sizeBytes: layout.EVENT_SIZE },
  { name: 'mw_process', offsets: layout.PROCESS, sizeBytes: layout.EVENT.target - layout.EVENT.actor },
  { name: 'mw_ancestor', offsets: layout.ANCESTOR, sizeBytes: layout.ANCESTOR_SIZE },
  { name: 'mw_knobs', offsets: layout.KNOBS, sizeBytes: layout.KNOBS_SIZE },
  { name: 'mw_repeat_key', offsets: layout.REPEAT_KEY, sizeBytes: layout.REPEAT_KEY_SIZE },
  { name: 'mw_repeat', offsets: layout.REPEAT, sizeBytes: layout.REPEAT_SIZE },
  { name: 'mw_control', offsets: layout.CONTROL, sizeBytes: layout.CONTROL_SIZE },
  { name: 'mw_cpu_state', offsets: layout.CPU_STATE, sizeBytes: layout.CPU_STATE_SIZE },
  { name: 'mw_reported', offsets: layout.REPORTED, sizeBytes: layout.REPORTED_SIZE },
];

/** `MW_HOOK_LSM` of an enumeration as the name that the decoder gives it. */
function named(values: ReadonlyMap<string, number>, prefix: string): [string, number][] {
  return [...values].map(([name, value]) => [name.slice(prefix.length).toLowerCase(), value]);
}

suite('record layout', { skip: existsSync(path) ? false : `${path} is not built` }, () => {
  const btf = readBtf(readFileSync(path));

  for (const { name, offsets, sizeBytes } of STRUCTURES) {
    test(`struct ${name} of the object has the offsets and the size that the decoder uses`, () => {
      const structure = btf.structure(name);
      assert.deepEqual(Object.fromEntries(structure.offsets), { ...offsets });
      assert.equal(structure.sizeBytes, sizeBytes);
    });
  }

  test('every kind, hook and method of the object has the name that the decoder gives it', () => {
    for (const [name, value] of named(btf.enumeration('mw_kind'), 'MW_')) assert.equal(KINDS[value], name);
    for (const [name, value] of named(btf.enumeration('mw_hook'), 'MW_HOOK_'))
      assert.equal(HOOKS[value], name);
    for (const [name, value] of named(btf.enumeration('mw_method'), 'MW_METHOD_'))
      assert.equal(METHODS[value], name);
  });

  test('the strings are in the order and number that the decoder expects', () => {
    const strings = btf.enumeration('mw_string');
    assert.deepEqual([...strings.values()], [...Object.values(layout.STRING), layout.STRING_COUNT]);
  });

  test('the scratch entry has the size that the decoder expects, and its strings follow the event', () => {
    const scratch = btf.structure('mw_scratch');
    assert.equal(scratch.sizeBytes, layout.SCRATCH_SIZE);
    assert.equal(scratch.offsets.get('text'), layout.EVENT_SIZE);
  });

  test('every reason for a drop has its counter', () => {
    assert.equal(btf.enumeration('mw_drop').get('MW_DROP_COUNT'), layout.DROP_REASONS.length);
  });
});
