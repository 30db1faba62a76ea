import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { collectorCheck } from '../../../src/cli/doctor/collector.ts';
import { loadSettings } from '../../../src/config/index.ts';

function check(env: NodeJS.ProcessEnv) {
  return collectorCheck(loadSettings({ env }).telemetry);
}

describe('the doctor on the collector', () => {
  it('finds one that listens, and none at the same place once it is gone', async () => {
    const server = createServer(socket => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
    assert.equal((await check(env)).status, 'ok');
    server.close();
    await once(server, 'close');
    const { status, detail } = await check(env);
    assert.equal(status, 'failed');
    assert.match(detail, new RegExp(`127\\.0\\.0\\.1 port ${port}: ECONNREFUSED`));
  });

  it('does not look for one when records go to the console', async () => {
    assert.deepEqual((await check({ OTEL_LOGS_EXPORTER: 'console' })).status, 'ok');
  });
});
