/** Regression: an error in a timer ended the sidecar with a stack trace of Node.js, without a flush or a closed spool. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { whyNotLive } from './requirements.ts';
import { Sidecar } from './sidecar.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const FAULT = fileURLToPath(new URL('./throw-on-hangup.program.ts', import.meta.url));

suite('an uncaught error', { skip: whyNotLive() }, () => {
  test('is reported with its place and without a stack, and the sidecar closes its spool and ends with 1', async t => {
    const directory = mkdtempSync(join(tmpdir(), 'memwarden-uncaught-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const environment = {
      OTEL_LOGS_EXPORTER: 'otlp',
      // nobody listens there
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: directory,
    };
    const sidecar = await Sidecar.start(environment, [], [process.execPath, `--import=${FAULT}`, MAIN]);
    // SQLite keeps this file as long as the database is open
    const writeAheadLog = join(directory, 'spool.db-wal');
    assert.ok(existsSync(writeAheadLog));
    process.kill(Number(sidecar.pid), 'SIGHUP');

    assert.equal(await sidecar.ended(), 1);
    assert.match(
      sidecar.diagnostics,
      /ERROR cli: failed unexpectedly: broken timer \(at test\/live\/throw-on-hangup\.program\.ts:\d+:\d+\)$/m,
    );
    assert.doesNotMatch(sidecar.diagnostics, /^\s+at /m);
    assert.ok(!existsSync(writeAheadLog));
  });
});
