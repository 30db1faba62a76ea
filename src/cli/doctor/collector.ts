import { once } from 'node:events';
import { connect } from 'node:net';
import type { Settings } from '../../config/index.ts';
import type { Check } from './check.ts';

const DEFAULT_PORTS = { grpc: 4317, 'http/protobuf': 4318 } as const;

/** Whether something listens where the records would go. Nothing is sent. */
export async function collectorCheck({ exporter, otlp }: Settings['telemetry']): Promise<Check> {
  const name = 'collector';
  if (exporter !== 'otlp') return { name, status: 'ok', detail: `not used: exporter is ${exporter}` };
  const address = addressOf(otlp);
  const shown = 'path' in address ? address.path : `${address.host} port ${address.port}`;
  const socket = connect(address);
  try {
    await once(socket, 'connect', {
      signal: AbortSignal.timeout(otlp.timeoutMillis),
    });
    return { name, status: 'ok', detail: `${shown} answers` };
  } catch (error) {
    const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return {
      name,
      status: 'failed',
      detail: `${shown}: ${cause}`,
      advice: 'start the collector, or name another with --endpoint or OTEL_EXPORTER_OTLP_ENDPOINT',
    };
  } finally {
    socket.destroy();
  }
}

type Address = { readonly path: string } | { readonly host: string; readonly port: number };

function addressOf({ endpoint, logsEndpoint, protocol }: Settings['telemetry']['otlp']): Address {
  const text = logsEndpoint ?? endpoint ?? `http://localhost:${DEFAULT_PORTS[protocol]}`;
  if (text.startsWith('unix:')) return { path: text.replace(/^unix:(\/\/)?/, '') };
  const url = new URL(text.includes('://') ? text : `http://${text}`);
  const schemePort = url.protocol === 'https:' ? 443 : 80;
  const port = url.port === '' ? schemePort : Number(url.port);
  // URL keeps the brackets of an IPv6 address, the resolver wants it without
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}
