import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { buildAttacks } from '../live/attack.ts';
import { Sidecar } from '../live/sidecar.ts';
import { attack } from './attack.ts';
import { Backend } from './backend.ts';
import { Certificates } from './certificates.ts';
import { Collector } from './collector-harness.ts';
import { DeafServer } from './deaf-server.ts';
import type { ReceivedRecord } from './otlp-json.ts';
import { whyNoSidecar } from './requirements.ts';

/** Short waits, so that the tests end soon. */
const SETTINGS = {
  OTEL_LOGS_EXPORTER: 'otlp',
  MEMWARDEN_TELEMETRY_DELIVERY_RETRY_INITIAL_MILLIS: '100',
  MEMWARDEN_TELEMETRY_DELIVERY_RETRY_MAX_MILLIS: '500',
};

function about(actorPid: number): (record: ReceivedRecord) => boolean {
  return ({ attributes }) => attributes.get('process.pid')?.intValue === String(actorPid);
}

/** Warnings and errors of the sidecar about the address. */
function complaints({ diagnostics }: Sidecar, port: number): string[] {
  return diagnostics.split('\n').filter(line => / (WARN|ERROR) /.test(line) && line.includes(`:${port}`));
}

describe('delivery to the Collector', { skip: await whyNoSidecar() }, () => {
  before(() => buildAttacks());

  test('waits for a Collector that is started later, warns once, and loses nothing', async () => {
    await using collector = await Collector.prepare();
    await using deaf = await DeafServer.listen(collector.grpcPort);
    const sidecar = await Sidecar.start({
      ...SETTINGS,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.grpcPort}`,
    });
    try {
      const act = await attack('open_mem');
      await deaf.attempts(4);
      assert.equal(complaints(sidecar, collector.grpcPort).length, 1, sidecar.diagnostics);

      await deaf[Symbol.asyncDispose]();
      await collector.start();

      const records = await collector.waitFor(received => received.some(about(act.actor_pid)));
      assert.equal(records.filter(about(act.actor_pid)).length, 1);
      assert.equal(complaints(sidecar, collector.grpcPort).length, 1, sidecar.diagnostics);
    } finally {
      await sidecar.stop();
    }
  });

  test('continues after a restart of the Collector, with every record once', async () => {
    await using collector = await Collector.prepare();
    await collector.start();
    const sidecar = await Sidecar.start({
      ...SETTINGS,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.grpcPort}`,
    });
    try {
      const first = await attack('open_mem');
      await collector.waitFor(received => received.some(about(first.actor_pid)));
      await collector.stop();
      const second = await attack('open_mem');
      await collector.start();

      const records = await collector.waitFor(received => received.some(about(second.actor_pid)));
      const uids = records.map(({ attributes }) => attributes.get('log.record.uid')?.stringValue);
      assert.equal(new Set(uids).size, uids.length);
    } finally {
      await sidecar.stop();
    }
  });

  const variants: readonly { readonly name: string; readonly settings: Readonly<Record<string, string>> }[] =
    [
      { name: 'OTLP/gRPC with gzip', settings: { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' } },
      { name: 'OTLP/HTTP', settings: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' } },
      {
        name: 'OTLP/HTTP with gzip',
        settings: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
      },
    ];
  for (const { name, settings } of variants) {
    test(`arrives by ${name}`, async () => {
      await using collector = await Collector.prepare();
      await collector.start();
      const port = 'OTEL_EXPORTER_OTLP_PROTOCOL' in settings ? collector.httpPort : collector.grpcPort;
      const sidecar = await Sidecar.start({
        ...SETTINGS,
        ...settings,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      });
      try {
        const act = await attack('open_mem');
        await collector.waitFor(received => received.some(about(act.actor_pid)));
      } finally {
        await sidecar.stop();
      }
    });
  }

  for (const protocol of ['grpc', 'http/protobuf']) {
    test(`arrives by ${protocol} over TLS with a certificate for each side`, async () => {
      using certificates = new Certificates();
      await using collector = await Collector.prepare({
        tls: {
          certPath: certificates.serverCertPath,
          keyPath: certificates.serverKeyPath,
          clientCaPath: certificates.caPath,
        },
      });
      await collector.start();
      const port = protocol === 'grpc' ? collector.grpcPort : collector.httpPort;
      const sidecar = await Sidecar.start({
        ...SETTINGS,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: `https://localhost:${port}`,
        OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.caPath,
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificates.clientCertPath,
        OTEL_EXPORTER_OTLP_CLIENT_KEY: certificates.clientKeyPath,
      });
      try {
        const act = await attack('open_mem');
        await collector.waitFor(received => received.some(about(act.actor_pid)));
      } finally {
        await sidecar.stop();
      }
    });
  }

  test('sends nothing to a server with an untrusted certificate', async () => {
    using certificates = new Certificates();
    await using collector = await Collector.prepare({
      tls: { certPath: certificates.serverCertPath, keyPath: certificates.serverKeyPath },
    });
    await collector.start();
    const sidecar = await Sidecar.start({
      ...SETTINGS,
      OTEL_EXPORTER_OTLP_ENDPOINT: `https://localhost:${collector.grpcPort}`,
    });
    try {
      await attack('open_mem');
      await sidecar.says(/failed to deliver records to .*certificate/);
      assert.deepEqual(await collector.records(), []);
    } finally {
      await sidecar.stop();
    }
  });

  test('compresses a request and adds the configured headers', async () => {
    await using backend = await Backend.start((_, response) => response.writeHead(200).end());
    const sidecar = await Sidecar.start({
      ...SETTINGS,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20made-up,x-tenant=blue',
    });
    try {
      await attack('open_mem');
      const { method, path, headers, body } = await backend.request(() => true);
      assert.equal(`${method} ${path}`, 'POST /v1/logs');
      assert.equal(headers['content-type'], 'application/x-protobuf');
      assert.equal(headers['content-encoding'], 'gzip');
      assert.equal(headers.authorization, 'Bearer made-up');
      assert.equal(headers['x-tenant'], 'blue');
      assert.ok(body.includes('proc_mem_access'));
      assert.ok(!sidecar.diagnostics.includes('made-up'), 'headers are secrets');
    } finally {
      await sidecar.stop();
    }
  });

  test('does not start with a certificate file that cannot be read', async () => {
    await assert.rejects(
      Sidecar.start({
        ...SETTINGS,
        OTEL_EXPORTER_OTLP_ENDPOINT: 'https://localhost:4317',
        OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere/ca.pem',
      }),
      /\/nowhere\/ca\.pem/,
    );
  });
});
