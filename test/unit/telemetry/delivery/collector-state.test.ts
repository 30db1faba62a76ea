import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CollectorState } from '../../../../src/telemetry/delivery/collector-state.ts';
import { logged } from '../../logged.ts';

test('it logs once that the collector is away, and once that it is back', t => {
  const lines = logged(t);
  const state = new CollectorState('collector:4317');
  state.answered(0, '');
  for (let i = 0; i < 3; i++) state.failed('UNAVAILABLE: connection refused');
  assert.equal(state.problem, 'UNAVAILABLE: connection refused');
  for (let i = 0; i < 3; i++) state.answered(0, '');
  assert.equal(state.problem, undefined);
  assert.deepEqual(lines, [
    'failed to deliver records to collector:4317: UNAVAILABLE: connection refused; they are kept and sent again',
    'collector:4317 takes records again',
  ]);
});

test('a collector’s message about rejected records is logged when it changes', t => {
  const lines = logged(t);
  const state = new CollectorState('collector:4317', 'metrics', 'the next export makes up for it');
  for (const message of ['quota', 'quota', '', 'quota']) state.answered(2, message);
  assert.deepEqual(lines, [
    'the collector rejected 2 metrics: quota',
    'the collector rejected 2 metrics: it gave no reason',
    'the collector rejected 2 metrics: quota',
  ]);
});
