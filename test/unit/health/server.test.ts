import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createSelfMetrics } from '../../../src/health/self-metrics.ts';
import { startHealthServer } from '../../../src/health/server.ts';
import { SOURCES } from './metric-sources.ts';

async function start(t: TestContext, ready: boolean) {
  const metrics = createSelfMetrics(SOURCES);
  const server = await startHealthServer('127.0.0.1', 0, {
    readiness: () => ({ ready, reasons: ready ? [] : ['blind'], canaryAgeSeconds: {}, collector: 'ok' }),
    metrics: metrics.serve,
  });
  t.after(async () => {
    await server.close();
    await metrics.shutdown();
  });
  return { server, get: (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`) };
}

test('a process that is not ready is still healthy, and reports why it is not ready', async t => {
  const { get } = await start(t, false);
  assert.equal((await get('/healthz')).status, 200);
  const response = await get('/readyz');
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), {
    ready: false,
    reasons: ['blind'],
    canaryAgeSeconds: {},
    collector: 'ok',
  });
});

test('a ready sidecar answers 200, and no other path exists', async t => {
  const { get } = await start(t, true);
  assert.equal((await get('/readyz?verbose')).status, 200);
  assert.equal((await get('/etc/passwd')).status, 404);
});

test('/metrics has each count under its own name, and the losses by CPU and reason', async t => {
  const { get } = await start(t, true);
  const text = await (await get('/metrics')).text();
  assert.match(text, /^memwarden_events_captured_total\{[^}]*\} 20$/m);
  assert.match(text, /^memwarden_exception_matches_total\{[^}]*rule="gdb"[^}]*\} 4$/m);
  assert.match(text, /^memwarden_records_evicted_total\{[^}]*reason="size"[^}]*\} 2$/m);
  assert.match(text, /^memwarden_spool_size\{[^}]*\} 900$/m);
  assert.match(text, /^otel_sdk_processor_log_processed_total\{[^}]*error_type="queue_full"[^}]*\} 2$/m);
  assert.match(text, /^memwarden_events_lost_total\{[^}]*cpu="3"[^}]*reason="ring_full"[^}]*\} 5$/m);
  assert.match(text, /^memwarden_canary_age\{[^}]*capability="file_open"[^}]*\} 1.5$/m);
});

test('a port in use stops the start with an error that has the address and the settings to change', async t => {
  const { server } = await start(t, true);
  await assert.rejects(
    startHealthServer('127.0.0.1', server.port, { readiness: () => assert.fail(), metrics: () => undefined }),
    { code: 'CONFIG_INVALID', message: new RegExp(`127.0.0.1:${server.port}.*EADDRINUSE`) },
  );
});

/** The answer to a client that sends these bytes and does not close its side; '' when the connection is reset. */
async function answerTo(port: number, bytes: string): Promise<string> {
  const client = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  client.write(bytes);
  try {
    await once(client, 'close');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
  }
  return Buffer.concat(chunks).toString();
}

const HOST = 'Host: x\r\n';

for (const [what, bytes, answer] of [
  [
    'an upgrade',
    `GET /healthz HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    /^HTTP\/1.1 200 /,
  ],
  ['an upgrade to HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^(HTTP\/1.1 400 .*)?/s],
  ['CONNECT', `CONNECT example.com:80 HTTP/1.1\r\n${HOST}\r\n`, /^$/],
  ['TRACE', `TRACE /healthz HTTP/1.1\r\n${HOST}\r\n`, /^HTTP\/1.1 405 /],
  ['Expect', `GET /healthz HTTP/1.1\r\n${HOST}Expect: 200-ok\r\n\r\n`, /^HTTP\/1.1 417 /],
  ['HTTP/1.0', 'GET /healthz HTTP/1.0\r\n\r\n', /^HTTP\/1.1 200 .*connection: close.*ok\n$/is],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
  ['no HTTP', '\x16\x03\x01\x02\x00\x01', /^HTTP\/1.1 400 /],
  ['a huge path', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`, /^(HTTP\/1.1 431 .*)?$/s],
  [
    'a huge header',
    `GET /healthz HTTP/1.1\r\n${HOST}X: ${'x'.repeat(100_000)}\r\n\r\n`,
    /^(HTTP\/1.1 431 .*)?$/s,
  ],
  [
    'ten thousand headers',
    `GET /healthz HTTP/1.1\r\n${HOST}${'a: b\r\n'.repeat(10_000)}\r\n`,
    /^(HTTP\/1.1 431 .*)?$/s,
  ],
  [
    'a body that never comes',
    `GET /healthz HTTP/1.1\r\n${HOST}Content-Length: 9999999999\r\n\r\nx`,
    /^HTTP\/1.1 200 /,
  ],
] as const) {
  test(`a request with ${what} is answered or reset, the connection ends, and the next client gets its answer`, async t => {
    const { server, get } = await start(t, true);
    assert.match(await answerTo(server.port, bytes), answer);
    assert.equal((await get('/healthz')).status, 200);
  });
}

test('a connection gets one answer: of a thousand requests in one packet the rest are ignored', async t => {
  const asked: string[] = [];
  const server = await startHealthServer('127.0.0.1', 0, {
    readiness: () => assert.fail(),
    metrics: (request, response) => {
      asked.push(String(request.url));
      response.end('metrics');
    },
  });
  t.after(() => server.close());
  const text = await answerTo(server.port, `GET /metrics HTTP/1.1\r\n${HOST}\r\n`.repeat(1_000));
  assert.deepEqual(asked, ['/metrics']);
  assert.match(text, /^HTTP\/1.1 200 .*connection: close/is);
});

test('a new client gets its answer while others hold more connections than allowed, of which the oldest are closed', async t => {
  const { server, get } = await start(t, true);
  const pending: Socket[] = [];
  const ended = new Set<Socket>();
  t.after(() => {
    for (const socket of pending) socket.destroy();
  });
  for (let number = 0; number < 300; number++) {
    const socket = connect(server.port, '127.0.0.1');
    pending.push(socket);
    socket.on('error', () => ended.add(socket));
    await once(socket, 'connect');
  }
  assert.equal((await get('/healthz')).status, 200);
  const [oldest] = pending;
  assert.ok(oldest !== undefined);
  if (!ended.has(oldest)) await once(oldest, 'close');
  const youngest = pending.at(-1);
  assert.ok(youngest !== undefined && !ended.has(youngest));
});

test('an error while answering ends that connection, and is not an uncaught exception', async t => {
  const server = await startHealthServer('127.0.0.1', 0, {
    readiness: () => {
      throw new Error('the spool is gone');
    },
    metrics: () => undefined,
  });
  t.after(() => server.close());
  assert.equal(await answerTo(server.port, `GET /readyz HTTP/1.1\r\n${HOST}\r\n`), '');
  assert.match(await answerTo(server.port, `GET /healthz HTTP/1.1\r\n${HOST}\r\n`), /^HTTP\/1.1 200 /);
});
