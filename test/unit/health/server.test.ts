import assert from 'node:assert/strict';
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

test('the process is healthy also while it is not ready, and says why it is not', async t => {
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

test('metrics tell each count under its own name, the kernel losses by CPU and reason', async t => {
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

test('a port in use stops the start with the address and what to set', async t => {
  const { server } = await start(t, true);
  await assert.rejects(
    startHealthServer('127.0.0.1', server.port, { readiness: () => assert.fail(), metrics: () => undefined }),
    { code: 'CONFIG_INVALID', message: new RegExp(`127.0.0.1:${server.port}.*EADDRINUSE`) },
  );
});
