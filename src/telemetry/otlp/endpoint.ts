import { MemwardenError } from '../../errors.ts';
import { maskEndpoint } from '../../printing/mask.ts';
import type { OtlpOptions } from '../options.ts';
import type { Signal } from './signal.ts';

/** A gRPC server as grpc-js names it. */
export interface GrpcEndpoint {
  /** `host:port` or `unix:path`. */
  readonly target: string;
  readonly tls: boolean;
}

/**
 * The endpoint of gRPC requests. Its scheme decides about TLS; without a scheme `insecure` does (OpenTelemetry
 * specification, "OTLP Exporter Configuration").
 *
 * @throws MemwardenError CONFIG_INVALID
 */
export function grpcEndpoint(options: OtlpOptions, signal: Signal): GrpcEndpoint {
  const { endpoint, insecure } = options;
  const text = (signal.ownEndpoint(options) ?? endpoint ?? 'http://localhost:4317').trim();
  if (text.startsWith('unix:')) return { target: text, tls: false };
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = parse(hasScheme ? text : `${insecure ? 'http' : 'https'}://${text}`, text);
  if (url.pathname !== '/') throw invalid(text, 'gRPC endpoints have no path');
  // URL removes the scheme's default port, and gRPC has no default ports
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return { target: `${url.hostname}:${port}`, tls: url.protocol === 'https:' };
}

/**
 * The URL of HTTP requests: the signal's own endpoint unchanged, else the general one with the signal's path appended.
 *
 * @throws MemwardenError CONFIG_INVALID
 */
export function httpEndpoint(options: OtlpOptions, signal: Signal): URL {
  const own = signal.ownEndpoint(options);
  if (own !== undefined) return parse(own.trim(), own);
  const text = (options.endpoint ?? 'http://localhost:4318').trim();
  const url = parse(text, text);
  url.pathname = url.pathname.endsWith('/') ? url.pathname + signal.path : `${url.pathname}/${signal.path}`;
  return url;
}

function parse(text: string, given: string): URL {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') throw invalid(given, 'it is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid(given, `the scheme "${url.protocol.slice(0, -1)}" is not http or https`);
  }
  return url;
}

function invalid(endpoint: string, cause: string): MemwardenError {
  return new MemwardenError(
    'CONFIG_INVALID',
    `failed to read the OTLP endpoint "${maskEndpoint(endpoint)}": ${cause}`,
    'use http://host:4317 or https://host:4317 for gRPC, http://host:4318 for http/protobuf',
  );
}
