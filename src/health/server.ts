import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { diag } from '@opentelemetry/api';
import { MemwardenError } from '../errors.ts';
import { Connections } from './connections.ts';
import type { ReadinessReport } from './readiness.ts';

/** Content that the server serves. */
export interface HealthSources {
  readiness(): ReadinessReport;
  metrics(request: IncomingMessage, response: ServerResponse): void;
}

export interface HealthServer {
  /** The TCP port it listens on; with port 0 in the settings, the one that the kernel chose. */
  readonly port: number;
  close(): Promise<void>;
}

const log = diag.createComponentLogger({ namespace: 'health' });

/** A request of a probe or a scrape has a few hundred bytes. */
const HEADER_BYTES_MAX = 8_192;
/** Connections that wait in the kernel: fewer than may be open, so that accepting all of them at once closes none of them. */
const BACKLOG = 128;
/** Shortest time between two warnings, ms. */
const LOG_MILLIS = 60_000;

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
  const warn = seldomWarning();
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) => {
    // without keep-alive there are no idle connections
    response.setHeader('connection', 'close');
    try {
      answer(request, response, sources);
    } catch (error) {
      warn('failed to answer a request:', error);
      response.destroy();
    }
  });
  // one packet can pipeline hundreds of requests
  server.maxRequestsPerSocket = 1;
  const connections = new Connections();
  server.on('connection', socket => connections.admit(socket));
  try {
    server.listen({ port: listenPort, host: listenAddress, backlog: BACKLOG });
    await once(server, 'listening');
  } catch (cause) {
    throw new MemwardenError(
      'CONFIG_INVALID',
      `failed to serve health on ${listenAddress}:${listenPort}: ${cause instanceof Error ? cause.message : cause}`,
      'set health.listenAddress and health.listenPort to what is free, or health.enabled to false',
      { cause },
    );
  }
  // errors of accept(2), out of descriptors or memory: closing all connections gives both back
  server.on('error', error => {
    warn('failed to accept a connection:', error);
    connections.endAll();
  });
  // a probe must not keep the process alive
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      connections.endAll();
      await once(server, 'close');
    },
  };
}

/** A warning at most once in LOG_MILLIS: any client that reaches the port decides how often the errors happen. */
function seldomWarning(): (what: string, error: unknown) => void {
  let silentUntilMillis = 0;
  return (what, error) => {
    const now = performance.now();
    if (now < silentUntilMillis) return;
    silentUntilMillis = now + LOG_MILLIS;
    log.warn(what, error);
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
