import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { spellingsOf } from '../unit/printing/spellings.ts';
import { whyNotLive } from './requirements.ts';
import { Sidecar } from './sidecar.ts';

/** Nobody listens there. */
const NOWHERE = '127.0.0.1:9';

suite('a sidecar whose collector cannot be reached', { skip: whyNotLive() }, () => {
  for (const protocol of ['grpc', 'http/protobuf']) {
    test(`reveals no credential in the log, in /readyz and in /metrics: ${protocol}`, async () => {
      const secret = `Lv7.s3cret-${protocol.length}-qP`;
      const path = protocol === 'grpc' ? '' : `/v1/logs?token=${secret}-q#${secret}-f`;
      const sidecar = await Sidecar.start({
        OTEL_LOGS_EXPORTER: 'otlp',
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_METRIC_EXPORT_INTERVAL: '200',
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://user:${secret}-l@${NOWHERE}${path}`,
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://user:${secret}-m@${NOWHERE}${path}`,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${secret}-h`,
        OTEL_RESOURCE_ATTRIBUTES: `collector.url=http://user:${secret}-r@${NOWHERE}`,
        OTEL_LOG_LEVEL: 'all',
        MEMWARDEN_HEALTH_ENABLED: 'true',
        MEMWARDEN_HEALTH_LISTEN_PORT: '0',
      });
      let served = '';
      try {
        const victim = spawn('sleep', ['60']);
        await (await open(`/proc/${victim.pid}/mem`)).close();
        victim.kill();
        await once(victim, 'exit');
        await sidecar.says(/failed to deliver records/);
        await sidecar.says(/failed to deliver metrics/);
        const [url] = /http:\/\/127\.0\.0\.1:\d+(?=\n)/.exec(sidecar.diagnostics) ?? [];
        for (const page of ['readyz', 'metrics']) served += await (await fetch(`${url}/${page}`)).text();
        assert.match(served, /ECONNREFUSED/);
      } finally {
        await sidecar.stop();
      }
      const printed = sidecar.diagnostics + JSON.stringify(sidecar.records) + served;
      assert.match(printed, /127\.0\.0\.1:9/);
      for (const spelling of spellingsOf(secret)) assert.ok(!printed.includes(spelling), printed);
    });
  }
});
