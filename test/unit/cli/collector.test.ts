import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { collectorCheck } from '../../../src/cli/doctor/collector.ts';
import { loadSettings } from '../../../src/config/index.ts';
import { type Answer, GrpcCollector, OK } from '../telemetry/delivery/grpc-collector.ts';

function check(env: NodeJS.ProcessEnv) {
  return collectorCheck(loadSettings({ env }).telemetry);
}

describe('the doctor on the collector', () => {
  async function checkAgainst(t: Parameters<typeof GrpcCollector.start>[0], answer: Answer) {
    const collector = await GrpcCollector.start(t, [answer]);
    const result = await check({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}` });
    return { ...result, requests: collector.requests };
  }

  it('is content with one that takes an empty request', async t => {
    const { status, detail, requests } = await checkAgainst(t, OK);
    assert.equal(status, 'ok');
    assert.match(detail, /127\.0\.0\.1:\d+ takes records$/);
    assert.deepEqual(requests, [Buffer.alloc(0)]);
  });

  it('reports why one refuses, for example for want of a key in the headers', async t => {
    const result = await checkAgainst(t, { code: status.UNAUTHENTICATED, details: 'who are you' });
    assert.equal(result.status, 'failed');
    assert.match(result.detail, /refuses records: UNAUTHENTICATED, .*who are you/);
  });

  it('reports that nobody listens', async () => {
    const { status, detail } = await check({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    assert.equal(status, 'failed');
    assert.match(detail, /127\.0\.0\.1:1: UNAVAILABLE.*ECONNREFUSED/);
  });

  it('reports a certificate that cannot be read, and goes on', async () => {
    const { status, detail } = await check({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/absent.pem',
    });
    assert.equal(status, 'failed');
    assert.match(detail, /\/absent\.pem: ENOENT/);
  });

  it('does not look for one when records go to the console', async () => {
    assert.equal((await check({ OTEL_LOGS_EXPORTER: 'console' })).status, 'ok');
  });
});
