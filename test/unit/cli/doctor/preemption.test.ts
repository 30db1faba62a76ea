import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type PreemptionSources,
  preemptionCheck,
  preemptionOf,
} from '../../../../src/cli/doctor/preemption.ts';

const DYNAMIC: PreemptionSources = {
  version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.170-1 (2026-01-01)',
  scheduler: undefined,
  commandLine: 'console=ttyS0',
  config: '# CONFIG_PREEMPT_NONE is not set\nCONFIG_PREEMPT_VOLUNTARY=y\nCONFIG_PREEMPT_DYNAMIC=y\n',
};
const of = (changes: Partial<PreemptionSources>) => preemptionOf({ ...DYNAMIC, ...changes });

test('takes the mode from the scheduler where debugfs has it', () => {
  assert.equal(of({ scheduler: 'none voluntary (full) lazy' }), 'full');
  assert.equal(of({ scheduler: 'full (lazy)', version: '#1 SMP' }), 'lazy');
});

test('knows a kernel that is built for one mode by its version', () => {
  assert.equal(of({ version: '#1 SMP Debian 5.10.1' }), 'none');
  assert.equal(of({ version: '#1 SMP PREEMPT Debian' }), 'full');
  assert.equal(of({ version: '#1 SMP PREEMPT_RT Debian' }), 'realtime');
});

test('takes the mode of a kernel that can choose from how it was built, unless the command line sets it', () => {
  assert.equal(of({}), 'voluntary');
  assert.equal(of({ config: 'CONFIG_PREEMPT_BUILD=y\nCONFIG_PREEMPT=y\n' }), 'full');
  assert.equal(of({ config: 'CONFIG_PREEMPT_LAZY=y\n' }), 'lazy');
  assert.equal(of({ config: undefined }), undefined);
  assert.equal(of({ commandLine: 'quiet preempt=full' }), undefined);
});

test('warns only where the kernel is known to preempt itself', () => {
  const statuses = ['none', 'voluntary', undefined, 'lazy', 'full', 'realtime'].map(
    mode => preemptionCheck(mode).status,
  );
  assert.deepEqual(statuses, ['ok', 'ok', 'ok', 'warning', 'warning', 'warning']);
});
