import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { suite, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Limits } from './commands.ts';
import { survivors } from './survivors.ts';
import { total } from './total.ts';

const KEEP = fileURLToPath(new URL('fixtures/keep.ts', import.meta.url));
/** A limit that no test here reaches. */
const LONG = 600;

interface End {
  readonly status: number | null;
  readonly output: string;
  /** Pid of the stubborn process. */
  readonly stubborn: number;
  /** Processes that are left of the command and its descendants. */
  readonly left: readonly string[];
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

/** Runs a command below a keeper to its end. @param onStubborn called when the stubborn process has started */
async function keep(
  t: TestContext,
  limits: Limits,
  words: readonly string[],
  onStubborn: (keeper: ChildProcess) => void = () => {},
): Promise<End> {
  const marker = `TEST_RUNNER_${randomUUID().replaceAll('-', '_')}`;
  const keeper = spawn(process.execPath, [KEEP, JSON.stringify(limits), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [marker]: '1' },
  });
  t.after(() => keeper.kill('SIGTERM'));
  let output = '';
  let stubborn = 0;
  createInterface(keeper.stdout).on('line', line => {
    output += `${line}\n`;
    const pid = /stubborn (\d+)$/.exec(line)?.[1];
    if (pid === undefined) return;
    stubborn = Number(pid);
    onStubborn(keeper);
  });
  const [status] = await once(keeper, 'close');
  return { status, output, stubborn, left: survivors(marker) };
}

function assertGone({ status, output, stubborn, left }: End): void {
  assert.ok(stubborn > 0, output);
  assert.deepEqual(left, [], output);
  assert.notEqual(status, 0, output);
}

const PATIENT: Limits = { commandSeconds: LONG, testSeconds: LONG, fileSeconds: LONG };

// each mostly waits, for its command to reach its limit
suite('a command', { concurrency: true }, () => {
  test('names a test that blocks its process, counts it as failed, and goes on with the next file', async t => {
    const limits = { ...PATIENT, testSeconds: 8 };
    const words = ['--test', '--test-timeout=8000', fixture('blocks.ts'), fixture('passes.ts')];
    const end = await keep(t, limits, words);
    assertGone(end);
    assert.match(
      end.output,
      /^✖ hung: a test file began and ended no test for 16 s; killed\n.*blocks\.ts: a suite > blocks for ever$/m,
    );
    assert.equal(total(end.output, 'fail') + total(end.output, 'cancelled'), 1);
    assert.ok(total(end.output, 'pass') >= 1, end.output);
  });

  test('names a test that waits for ever, and ends the file that something keeps open', async t => {
    const end = await keep(t, { ...PATIENT, testSeconds: 8 }, [
      '--test',
      '--test-timeout=8000',
      fixture('waits.ts'),
    ]);
    assertGone(end);
    assert.match(end.output, /✖ waits for ever/);
    assert.match(end.output, /^✖ hung: .*\n.*waits\.ts: what comes after: waits for ever$/m);
    assert.ok(total(end.output, 'fail') + total(end.output, 'cancelled') > 0);
  });

  test('ends a file that takes too long, however busy it is', async t => {
    const end = await keep(t, { ...PATIENT, fileSeconds: 15 }, ['--test', fixture('waits.ts')]);
    assertGone(end);
    assert.match(
      end.output,
      /^✖ hung: a test file was not over within 15 s; killed\n.*waits\.ts: waits for ever$/m,
    );
  });

  test('that is not over in time names the test that it is in', async t => {
    const end = await keep(t, { ...PATIENT, commandSeconds: 15 }, ['--test', fixture('blocks.ts')]);
    assertGone(end);
    assert.match(
      end.output,
      /^✖ hung: .* was not over within 15 s\n.*blocks\.ts: a suite > blocks for ever$/m,
    );
    assert.ok(total(end.output, 'fail') + total(end.output, 'cancelled') > 0);
  });

  test('without tests that is not over in time is ended, too', async t => {
    const end = await keep(t, { commandSeconds: 15 }, [fixture('program.ts')]);
    assertGone(end);
    assert.match(end.output, /^✖ hung: .*program\.ts was not over within 15 s$/m);
  });

  test('fails with the name of a process that a test file has left', async t => {
    const end = await keep(t, PATIENT, ['--test', fixture('leaves.ts')]);
    assertGone(end);
    assert.match(end.output, new RegExp(`of this test file; killed:\n\\s+${end.stubborn} sh -c trap`));
    assert.match(end.output, /✖ .*leaves\.ts/);
    assert.equal(total(end.output, 'fail'), 1);
  });

  test('leaves nothing behind of a test file that is killed', async t => {
    const end = await keep(t, PATIENT, ['--test', fixture('ends-badly.ts')]);
    assertGone(end);
    assert.match(end.output, new RegExp(`\\b${end.stubborn} sh -c trap`));
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`leaves nothing behind when ${signal} interrupts it`, async t => {
      const end = await keep(t, PATIENT, ['--test', fixture('waits.ts')], keeper => keeper.kill(signal));
      assertGone(end);
    });
  }

  test('that ends well keeps its status and says nothing more', async t => {
    const { status, output, left } = await keep(t, PATIENT, ['--test', fixture('passes.ts')]);
    assert.equal(status, 0, output);
    assert.equal(total(output, 'pass'), 1);
    assert.equal(total(output, 'fail'), 0);
    assert.deepEqual(left, []);
  });
});
