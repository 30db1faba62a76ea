import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../../src/service/exit-codes.ts';
import { NODE_OPTIONS } from '../cli/cli.ts';

const PROGRAM = fileURLToPath(new URL('./lifecycle.program.ts', import.meta.url));

class Program {
  readonly process: ChildProcess;
  readonly exit: Promise<unknown[]>;
  readonly #lines: AsyncIterator<string>;

  constructor(...args: string[]) {
    const child = spawn(process.execPath, [...NODE_OPTIONS, PROGRAM, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    this.exit = once(child, 'exit');
    this.#lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
  }

  async line(expected: RegExp): Promise<void> {
    const { value, done } = await this.#lines.next();
    assert.equal(done ?? false, false, `stderr ended before ${expected}`);
    assert.match(value, expected);
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  it(`names the hooks when ready, flushes on ${signal} and exits 0`, async () => {
    const program = new Program('stops');
    await program.line(/memwarden ready file_open=lsm ptrace=fentry$/);
    program.process.kill(signal);
    await program.line(/^flushing$/);
    await program.line(/^flushed$/);
    assert.deepEqual(await program.exit, [EXIT.ok, null]);
  });
}

it('takes the copies of one Ctrl-C that npm and sudo pass on for one request', async () => {
  const program = new Program('waits');
  await program.line(/memwarden ready/);
  program.process.kill('SIGINT');
  await program.line(/^flushing$/);
  // while the flush goes on: a process that has ended its work no longer handles signals
  program.process.kill('SIGINT');
  program.process.kill('SIGUSR2');
  assert.deepEqual(await program.exit, [EXIT.ok, null]);
});

it('ends at once with 130 on a second signal when the flush does not end', async () => {
  const program = new Program('hangs');
  await program.line(/memwarden ready/);
  program.process.kill('SIGTERM');
  await program.line(/^flushing$/);
  // a second request differs from an echo of the first by time
  program.process.kill('SIGUSR2');
  await program.line(/^a minute later$/);
  program.process.kill('SIGTERM');
  assert.deepEqual(await program.exit, [EXIT.interrupted, null]);
});

it('reads the exceptions again on SIGHUP and goes on', async () => {
  const program = new Program('stops');
  await program.line(/memwarden ready/);
  program.process.kill('SIGHUP');
  await program.line(/^reloaded$/);
  program.process.kill('SIGTERM');
  assert.deepEqual(await program.exit, [EXIT.ok, null]);
});

for (const fault of ['timer', 'promise', 'emitter']) {
  it(`reports an uncaught error (${fault}) with its place, without a stack, and ends in order with 1`, async () => {
    const program = new Program('stops', fault);
    await program.line(/memwarden ready/);
    program.process.kill('SIGUSR2');
    await program.line(
      new RegExp(
        `ERROR cli: failed unexpectedly: broken ${fault} \\(at test/unit/service/lifecycle\\.program\\.ts:\\d+:\\d+\\)$`,
      ),
    );
    await program.line(/^flushing$/);
    await program.line(/^flushed$/);
    assert.deepEqual(await program.exit, [EXIT.failure, null]);
  });
}

it('takes anything that is thrown for an error', async () => {
  const program = new Program('stops', 'text');
  await program.line(/memwarden ready/);
  program.process.kill('SIGUSR2');
  await program.line(/failed unexpectedly: broken text$/);
  await program.line(/^flushing$/);
  await program.line(/^flushed$/);
  assert.deepEqual(await program.exit, [EXIT.failure, null]);
});

it('ends at once when there is one more such error on the way to the end', async () => {
  const program = new Program('throws', 'promise');
  await program.line(/memwarden ready/);
  program.process.kill('SIGUSR2');
  await program.line(/broken promise/);
  await program.line(/^flushing$/);
  await program.line(/broken timer/);
  assert.deepEqual(await program.exit, [EXIT.failure, null]);
});

it('ends by itself after such an error when the flush does not end', async () => {
  const program = new Program('hangs', 'timer');
  await program.line(/memwarden ready/);
  program.process.kill('SIGUSR2');
  await program.line(/broken timer/);
  await program.line(/^flushing$/);
  await program.line(/memwarden ends before the flush is done/);
  assert.deepEqual(await program.exit, [EXIT.failure, null]);
});
