import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Readiness } from '../../../src/health/readiness.ts';

const WELL = {
  spoolProblem: () => undefined,
  eventLoopProblem: () => undefined,
  collectorProblem: () => undefined,
};

test('a hook is ready for 30 s after its last canary, and no longer', () => {
  let now = 0;
  const readiness = new Readiness(['file_open', 'ptrace'], WELL, () => now);
  now = 30_000;
  assert.equal(readiness.report().ready, true);
  readiness.canaryArrived('file_open');
  now = 31_000;
  assert.deepEqual(readiness.report().reasons, ['ptrace: no canary event came for 31 s']);
  readiness.canaryArrived('ptrace');
  assert.equal(readiness.report().ready, true);
});

test('a sidecar without any hook is not ready', () => {
  assert.equal(new Readiness([], WELL).report().ready, false);
});

test('the sidecar is not ready when the spool cannot be written; a collector that is away is only reported', () => {
  const full = { ...WELL, spoolProblem: () => 'disk full' };
  assert.deepEqual(new Readiness(['file_open'], full).report().reasons, ['disk full']);
  const away = { ...WELL, collectorProblem: () => 'UNAVAILABLE' };
  const report = new Readiness(['file_open'], away).report();
  assert.equal(report.ready, true);
  assert.equal(report.collector, 'UNAVAILABLE');
});

test('the sidecar is not ready after its event loop was stuck', () => {
  const stuck = { ...WELL, eventLoopProblem: () => 'stuck for 12 s' };
  const report = new Readiness(['file_open'], stuck).report();
  assert.equal(report.ready, false);
  assert.deepEqual(report.reasons, ['stuck for 12 s']);
});
