import assert from 'node:assert/strict';
import { copyFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite, test } from 'node:test';
import { Certificates } from '../e2e/certificates.ts';
import { Collector } from '../e2e/collector-harness.ts';
import { whyNoSidecar } from '../e2e/requirements.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { arrivalsOf } from './arrivals.ts';
import { Attacker } from './attacker.ts';
import { assertAllReported, compare } from './balance.ts';
import { LivePipeline } from './live-pipeline.ts';

const PATHS = ['caPath', 'serverCertPath', 'serverKeyPath', 'clientCertPath', 'clientKeyPath'] as const;

/** Replaces each file by that of another authority, atomically. */
function install(certificates: Certificates, folder: string): void {
  for (const path of PATHS) {
    const place = join(folder, basename(certificates[path]));
    copyFileSync(certificates[path], `${place}.new`);
    renameSync(`${place}.new`, place);
  }
}

suite('while attacks go on, certificates', { skip: await whyNoSidecar() }, () => {
  for (const protocol of ['grpc', 'http/protobuf']) {
    test(`of both sides and their authority are replaced: every act is delivered by ${protocol}`, async t => {
      using old = new Certificates();
      using next = new Certificates();
      const folder = temporaryDirectory(t);
      const place = (path: (typeof PATHS)[number]): string => join(folder, basename(old[path]));
      install(old, folder);
      await using collector = await Collector.prepare({
        tls: {
          certPath: place('serverCertPath'),
          keyPath: place('serverKeyPath'),
          clientCaPath: place('caPath'),
        },
      });
      await collector.start();
      const port = protocol === 'grpc' ? collector.grpcPort : collector.httpPort;
      const pipeline = new LivePipeline(t, `https://localhost:${port}`, {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_CERTIFICATE: place('caPath'),
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: place('clientCertPath'),
        OTEL_EXPORTER_OTLP_CLIENT_KEY: place('clientKeyPath'),
      });
      await pipeline.start();
      const attacker = Attacker.start(t);
      const { length } = await collector.waitFor(records => records.length > 50);
      install(next, folder);
      await collector.stop();
      await collector.start();
      await collector.waitFor(records => records.length > length + 50);
      const ledger = await attacker.stop();
      await pipeline.caughtUp();
      assert.match(pipeline.sidecar.diagnostics, /certificates or headers changed and were read again/);
      await collector.stop();
      const arrivals = arrivalsOf(await collector.records());
      assertAllReported(compare(t, [ledger], arrivals));
    });
  }
});
