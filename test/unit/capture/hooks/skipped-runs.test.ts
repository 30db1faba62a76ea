import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type SkippedRuns,
  SkippedRunsWatch,
  skippedRunsOf,
} from '../../../../src/capture/hooks/skipped-runs.ts';
import { logged } from '../../logged.ts';

const FDINFO = `pos:\t0
flags:\t02000002
mnt_id:\t17
ino:\t1062
prog_type:\t26
prog_jited:\t1
prog_tag:\t3b185187f1855c4c
memlock:\t4096
prog_id:\t31
run_time_ns:\t0
run_cnt:\t0
recursion_misses:\t417
verified_insns:\t961
`;

const SECOND_NS = 1_000_000_000n;
const HOUR_NS = 3_600n * SECOND_NS;

test('reads the count of a program, and undefined where there is none', () => {
  assert.equal(skippedRunsOf(FDINFO), 417);
  assert.equal(skippedRunsOf(FDINFO.replace('417', '0')), 0);
  assert.equal(skippedRunsOf(FDINFO.replace(/recursion_misses.*\n/, '')), undefined);
  assert.equal(skippedRunsOf('pos:\t0\nmap_type:\t27\n'), undefined);
  assert.equal(skippedRunsOf(''), undefined);
});

test('warns at the first skipped run, and an hour later if there are more', t => {
  const warnings = logged(t);
  const skipped: SkippedRuns = { capability: 'file_open', program: 'fentry_file_open', count: 0 };
  let count = 0;
  const watch = new SkippedRunsWatch(() => [{ ...skipped, count }]);
  const report = (nowNs: bigint): number => {
    watch.warn(nowNs);
    return warnings.splice(0).length;
  };

  assert.equal(report(HOUR_NS), 0);
  count = 3;
  watch.warn(HOUR_NS + 31n * SECOND_NS);
  assert.match(warnings.splice(0).join(), /skipped 3 runs .*fentry_file_open 3.*capture\.hook=kprobe/);
  count = 4;
  assert.equal(report(HOUR_NS + 62n * SECOND_NS), 0);
  assert.equal(report(2n * HOUR_NS + 93n * SECOND_NS), 1);
  assert.equal(report(4n * HOUR_NS), 0);
});
