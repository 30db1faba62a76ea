/**
 * Regression: two clients that held 10,500 half-open connections each took all descriptors of the sidecar; accept(2) failed
 * with EMFILE, nothing handled that error, and the sidecar ended after 13 s.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildAttacks } from './attack.ts';
import { whyNotLive } from './requirements.ts';
import { Sidecar } from './sidecar.ts';

const HALF_OPEN = fileURLToPath(new URL('./half_open.py', import.meta.url));
const CONNECTIONS_EACH = 10_000;
/** src/health/connections.ts */
const CONNECTIONS_MAX = 256;
/** Growth from garbage before it is collected: much less than 20,000 connections would take. */
const GROWTH_MAX_KB = 64 * 1024;
/** How often, and how long between, garbage is given time to be collected. */
const GARBAGE_TRIES = 120;
const GARBAGE_PAUSE_MILLIS = 500;

class Client implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly opened: Promise<unknown>;

  constructor(port: number) {
    this.#process = spawn('python3', [HALF_OPEN, `${port}`, `${CONNECTIONS_EACH}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('the client was started without pipes');
    this.opened = Promise.race([
      once(stdout, 'data'),
      once(this.#process, 'exit').then(() => assert.fail('the client has ended')),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await exit;
  }
}

async function healthPort(sidecar: Sidecar): Promise<number> {
  await sidecar.says(/listening on http:\/\/127\.0\.0\.1:\d+/);
  return Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(sidecar.diagnostics)?.[1]);
}

function residentKilobytes({ pid }: Sidecar): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/**
 * Garbage of other work, a flood of foreign events for example, comes and goes with the collector; what connections hold does
 * not go while they are open.
 */
async function shrinksBelow(sidecar: Sidecar, kilobytes: number): Promise<void> {
  for (let tries = GARBAGE_TRIES; residentKilobytes(sidecar) >= kilobytes; tries--) {
    assert.ok(tries > 0, `${residentKilobytes(sidecar)} kB are resident, and stay above ${kilobytes} kB`);
    await delay(GARBAGE_PAUSE_MILLIS);
  }
}

const ENVIRONMENT = { MEMWARDEN_HEALTH_ENABLED: 'true', MEMWARDEN_HEALTH_LISTEN_PORT: '0' };
/** Limit of descriptors: fewer than the clients take, and enough for the sidecar's own work. */
const FEW_DESCRIPTORS = ['prlimit', '--nofile=512:512'];

suite('the health port', { skip: whyNotLive() }, () => {
  test('outlives 20,000 half-open connections: it answers, its memory is flat, and the capture goes on', async () => {
    buildAttacks();
    const sidecar = await Sidecar.start(ENVIRONMENT, FEW_DESCRIPTORS);
    try {
      const port = await healthPort(sidecar);
      const url = `http://127.0.0.1:${port}`;
      const descriptors = () => readdirSync(`/proc/${sidecar.pid}/fd`).length;
      const before = { kilobytes: residentKilobytes(sidecar), descriptors: descriptors() };
      await using first = new Client(port);
      await using second = new Client(port);
      await Promise.all([first.opened, second.opened]);

      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      assert.equal((await fetch(`${url}/metrics`)).status, 200);
      assert.ok(descriptors() <= before.descriptors + CONNECTIONS_MAX);
      await shrinksBelow(sidecar, before.kilobytes + GROWTH_MAX_KB);
      await sidecar.fence();
      assert.doesNotMatch(sidecar.diagnostics, /failed/);
    } finally {
      assert.equal(await sidecar.stop(), 0);
    }
  });

  test('survives when no descriptor is left for clients, and answers when there is one again', async () => {
    const sidecar = await Sidecar.start(ENVIRONMENT);
    try {
      const port = await healthPort(sidecar);
      const limit = (descriptors: number) =>
        execFileSync('prlimit', [`--pid=${sidecar.pid}`, `--nofile=${descriptors}:4096`]);
      // numbers below the highest one are free: some clients get them
      limit(Math.max(...readdirSync(`/proc/${sidecar.pid}/fd`).map(Number)) + 1);
      await Promise.all(
        Array.from({ length: 200 }, () => {
          // closed at once by a reset or an end, or after a long time
          const client = connect(port, '127.0.0.1').on('error', () => undefined);
          return new Promise(resolve => client.resume().once('close', resolve));
        }),
      );
      limit(4096);

      assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
    } finally {
      assert.equal(await sidecar.stop(), 0);
    }
  });

  test('ends a connection that sends nothing, and one that sends half a request', async () => {
    const sidecar = await Sidecar.start(ENVIRONMENT);
    try {
      const port = await healthPort(sidecar);
      const ends = ['', 'GET /healthz HTTP/1.1\r\nHost: '].map(sent => {
        const client = connect(port, '127.0.0.1');
        client.write(sent);
        // a reset, so that nothing of it stays in the kernel
        return assert.rejects(once(client.resume(), 'close'), { code: 'ECONNRESET' });
      });
      await Promise.all(ends);
    } finally {
      await sidecar.stop();
    }
  });
});
