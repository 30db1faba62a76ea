import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemwardenError } from '../errors.ts';
import type { ReadinessReport } from './readiness.ts';

/** What the server tells. */
export interface HealthSources {
  readiness(): ReadinessReport;
  metrics(request: IncomingMessage, response: ServerResponse): void;
}

export interface HealthServer {
  /** The TCP port it listens on, also when a free one was asked for. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/healthz`, `/readyz` and `/metrics`.
 *
 * @throws MemwardenError CONFIG_INVALID when the address cannot be listened on
 */
export async function startHealthServer(
  listenAddress: string,
  listenPort: number,
  sources: HealthSources,
): Promise<HealthServer> {
  const server = createServer((request, response) => answer(request, response, sources));
  try {
    server.listen(listenPort, listenAddress);
    await once(server, 'listening');
  } catch (cause) {
    throw new MemwardenError(
      'CONFIG_INVALID',
      `failed to serve health on ${listenAddress}:${listenPort}: ${cause instanceof Error ? cause.message : cause}`,
      'set health.listenAddress and health.listenPort to what is free, or health.enabled to false',
      { cause },
    );
  }
  // a probe must not keep the process alive
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, sources: HealthSources): void {
  const [path] = (request.url ?? '').split('?');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else if (path === '/healthz') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
  } else if (path === '/readyz') {
    const report = sources.readiness();
    response.writeHead(report.ready ? 200 : 503, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(report)}\n`);
  } else if (path === '/metrics') {
    sources.metrics(request, response);
  } else {
    response.writeHead(404).end();
  }
}
