/**
 * Loaded into the process of every test file (`node --import`), before the file: records which test runs, so that one
 * that blocks the process can be named from outside, and lets no process outlive the file that has started it.
 */
import './compile-cache.ts';
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, type TestContext } from 'node:test';
import { isMainThread } from 'node:worker_threads';
import { adoptOrphans, dieWithParent } from './prctl.ts';
import { endDescendants } from './processes.ts';

const directory = process.env['TEST_RUNNER_DIRECTORY'];

if (directory !== undefined && isMainThread) {
  dieWithParent();
  // also loaded into the process that starts the files, which has no tests
  if (process.env['NODE_TEST_CONTEXT'] !== undefined) watch(join(directory, String(process.pid)));
}

/** @param progress file for the name of the test that runs */
function watch(progress: string): void {
  adoptOrphans();
  beforeEach(t => writeFileSync(progress, (t as TestContext).fullName));
  afterEach(t => writeFileSync(progress, `what comes after: ${(t as TestContext).fullName}`));
  process.on('exit', () => {
    const left = endDescendants(process.pid);
    if (left.length === 0) return;
    writeSync(2, `failed to end all processes of this test file; killed:\n  ${left.join('\n  ')}\n`);
    process.exitCode = 1;
  });
}
