import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../../../src/service/exit-codes.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { NODE_OPTIONS } from '../../cli/cli.ts';

const PROGRAM = fileURLToPath(new URL('./hanging.program.ts', import.meta.url));
/** Bound of the tests; the watchdog looks once a second. */
const HANG_MILLIS = 3_000;

class Program {
  readonly process: ChildProcess;
  readonly exit: Promise<unknown[]>;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(way: string, ...words: readonly string[]) {
    const child = spawn(process.execPath, [...NODE_OPTIONS, PROGRAM, way, String(HANG_MILLIS), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    this.exit = once(child, 'close');
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
  }

  get errors(): string {
    return this.#errors;
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    assert.equal(done ?? false, false, `the program ended: ${this.#errors}`);
    return value;
  }
}

for (const way of ['blocks', 'spins']) {
  test(`an event loop that ${way} is ended by the watchdog, which says so, with a status of its own`, async t => {
    const fifo = join(temporaryDirectory(t), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const program = new Program(way, fifo);
    t.after(() => program.process.kill('SIGKILL'));
    assert.equal(await program.line(), 'begins');
    assert.deepEqual(await program.exit, [EXIT.hung, null]);
    assert.match(
      program.errors,
      /^\S+Z memwarden ends because its event loop hangs for \d+ s and sees nothing; start it again, it reads on\n$/,
    );
  });
}

test('a process that was stopped for longer than the bound goes on', async t => {
  const program = new Program('lives');
  t.after(() => program.process.kill('SIGKILL'));
  assert.equal(await program.line(), 'begins');
  program.process.kill('SIGSTOP');
  await delay(2 * HANG_MILLIS);
  program.process.kill('SIGCONT');
  program.process.kill('SIGUSR2');
  assert.equal(await program.line(), 'alive');
  program.process.kill('SIGTERM');
  assert.deepEqual(await program.exit, [EXIT.ok, null]);
});

test('an event loop that hardly gets a CPU for its work goes on', async t => {
  const program = new Program('works');
  t.after(() => program.process.kill('SIGKILL'));
  assert.equal(await program.line(), 'begins');
  const { pid } = program.process;
  const rivals = [1, 2].map(() => spawn('taskset', ['-c', '0', process.execPath, '-e', 'for (;;);']));
  t.after(() => {
    for (const rival of rivals) rival.kill('SIGKILL');
  });
  // only the thread of the event loop: the watching one is on time
  execFileSync('taskset', ['-cp', '0', `${pid}`], { stdio: 'ignore' });
  execFileSync('chrt', ['--idle', '--pid', '0', `${pid}`], { stdio: 'ignore' });
  program.process.kill('SIGUSR2');
  await delay(4 * HANG_MILLIS);
  assert.equal(program.process.exitCode, null, program.errors);
  for (const rival of rivals) rival.kill('SIGKILL');
  assert.equal(await program.line(), 'alive');
  assert.equal(await program.line(), 'done');
  program.process.kill('SIGTERM');
  assert.deepEqual(await program.exit, [EXIT.ok, null]);
});
