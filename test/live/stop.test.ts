/**
 * Symptom: with the collector's address black-holed a sidecar did not end on SIGTERM in 60 s, and Docker killed it after 10.
 * Cause: open sockets, channels, name look-ups and metric exporters kept the process alive, and the deadline of the flush
 * alone was 10 s.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../src/service/exit-codes.ts';
import { spoolStatus } from '../../src/telemetry/spool/inspect.ts';
import { BareSidecar, type Ended, IdlePipe, openMemory, STOP_MILLIS } from './bare-sidecar.ts';
import { whyNotLive } from './requirements.ts';
import { blackHole, silentServer } from './silent-server.ts';

const HANGING_DISK = fileURLToPath(new URL('hanging-disk.py', import.meta.url));
/** Node.js itself handles SIGTERM from its start. */
const HANGUP = 1;
const OWN_MOUNTS = ['unshare', '--mount', '--propagation', 'private'];

function assertEnded({ status, signal, millis }: Ended, expected: number, stderr: string): void {
  assert.deepEqual({ status, signal }, { status: expected, signal: null }, stderr);
  assert.ok(millis < STOP_MILLIS, `it took ${millis} ms`);
}

function waiting(spool: string): number {
  return spoolStatus(spool).waiting.reduce((sum, { records }) => sum + records, 0);
}

/** Makes it busy with the collector, ends it, and checks the records in the spool. */
async function assertStops(
  t: TestContext,
  endpoint: string,
  environment: Readonly<Record<string, string>> = {},
  prefix: readonly string[] = [],
): Promise<void> {
  const sidecar = await BareSidecar.start(t, {
    environment: { OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...environment },
    prefix,
  });
  // again and again: a flood by somebody else on this kernel can cost one of them
  await sidecar.until('see an act', async () => {
    await openMemory(t);
    return (await sidecar.metric('records_spooled')) > 0;
  });
  assertEnded(await sidecar.stop(), EXIT.ok, sidecar.stderr);
  assert.ok(waiting(sidecar.spool) > 0, 'the record is not in the spool');
}

// each waits some seconds, mostly idle
suite('SIGTERM ends the sidecar in time, with everything spooled', {
  skip: whyNotLive(),
  concurrency: 2,
}, () => {
  for (const [protocol, nameServer] of [
    ['grpc', '127.53.0.1'],
    ['http/protobuf', '127.53.0.2'],
  ] as const) {
    const environment = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_METRICS_EXPORTER: 'otlp' };

    test(`${protocol}: while connections lead nowhere`, async t => {
      await assertStops(t, `http://127.0.0.1:${await blackHole(t)}`, environment);
    });

    test(`${protocol}: while the collector takes the connection and never answers`, async t => {
      await assertStops(t, `http://127.0.0.1:${await silentServer(t)}`, environment);
    });

    test(`${protocol}: while a TLS handshake never ends`, async t => {
      await assertStops(t, `https://127.0.0.1:${await silentServer(t)}`, environment);
    });

    test(`${protocol}: while the name server never answers`, async t => {
      const server = createSocket('udp4').bind(53, nameServer);
      t.after(() => server.close());
      await once(server, 'listening');
      const file = join(tmpdir(), `memwarden-resolv-${nameServer}-${process.pid}.conf`);
      writeFileSync(file, `nameserver ${nameServer}\noptions timeout:30 attempts:5\n`);
      t.after(() => rmSync(file));
      const mount = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
      await assertStops(t, 'http://collector.invalid:4317', environment, [
        ...[...OWN_MOUNTS, 'sh', '-c', mount, file],
      ]);
    });
  }
});

suite('SIGTERM ends the sidecar in time, and what it could not do is logged', { skip: whyNotLive() }, () => {
  const environment = { OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };

  test('while another process keeps the spool locked, and the event loop waits for that', async t => {
    const sidecar = await BareSidecar.start(t, { environment });
    const other = new DatabaseSync(join(sidecar.spool, 'spool.db'));
    t.after(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    await openMemory(t, 3);
    await sidecar.until('report it', () => sidecar.stderr.includes('failed to write to the spool'));
    assertEnded(await sidecar.stop(), EXIT.failure, sidecar.stderr);
    assert.match(sidecar.stderr, /lost/);
  });

  test('while the disk of the spool hangs', async t => {
    const directory = join(tmpdir(), `memwarden-hanging-${process.pid}`);
    // mounted only in its own namespace: here it is an empty folder
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const sidecar = await BareSidecar.launch(t, {
      environment: { ...environment, MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: join(directory, 'spool') },
      prefix: [...OWN_MOUNTS, 'python3', HANGING_DISK, directory],
    });
    await sidecar.until('hang', () => sidecar.waitsIn.includes('request_wait_answer'));
    assertEnded(await sidecar.stop(), EXIT.failure, sidecar.stderr);
    assert.match(sidecar.stderr, /ends before the flush is done/);
  });
});

suite('SIGTERM during the start', { skip: whyNotLive() }, () => {
  test('ends the sidecar in time, also when stderr is not read', async t => {
    const { path } = new IdlePipe(t).fill();
    const environment = { OTEL_LOGS_EXPORTER: 'console' };
    const sidecar = await BareSidecar.launch(t, { environment, redirections: `2>${path}` });
    await sidecar.until('take signals', () => sidecar.takesSignal(HANGUP));
    assertEnded(await sidecar.stop(), EXIT.ok, '');
  });

  test('a second one ends it with 130', async t => {
    const sidecar = await BareSidecar.start(t, {
      environment: {
        OTEL_LOGS_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await silentServer(t)}`,
      },
    });
    await openMemory(t);
    await sidecar.until('see the act', async () => (await sidecar.metric('records_spooled')) > 0);
    sidecar.kill('SIGTERM');
    await sidecar.until('stop', () => sidecar.stderr.includes('stopping'));
    // the only wait on time: a second request is distinguished from an echo of the first by the time between them
    await delay(600);
    assertEnded(await sidecar.stop(), EXIT.interrupted, sidecar.stderr);
  });
});
