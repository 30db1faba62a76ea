import {
  type Client,
  type ClientOptions,
  compressionAlgorithms,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { createInsecureCredentials, createSslCredentials } from '@opentelemetry/otlp-grpc-exporter-base';
import type { OtlpOptions } from '../options.ts';
import type { CredentialSource } from './credentials.ts';
import { type GrpcEndpoint, grpcEndpoint } from './endpoint.ts';
import type { ExportOutcome } from './export-outcome.ts';
import { readResponse } from './response.ts';
import { readRetryInfoMillis } from './retry-info.ts';
import type { Signal } from './signal.ts';
import type { OtlpTransport } from './transport.ts';
import { USER_AGENT } from './user-agent.ts';

const DETAILS_TRAILER = 'grpc-status-details-bin';

/**
 * Largest response, bytes; a normal one has a few hundred. grpc-js reports a larger one with this number in the message; as
 * the number is unusual, NO_ANSWER can tell that message from a server's error about a request that is too large.
 */
const MAX_ANSWER_BYTES = 1024 * 1024 + 1;

/** Retryable status codes (OTLP specification, "Failures"); RESOURCE_EXHAUSTED is retryable only with RetryInfo. */
const RETRYABLE = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** Errors because of credentials or address and not because of the records. */
const CONNECTION = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
  status.RESOURCE_EXHAUSTED,
]);

/**
 * Messages of grpc-js itself for a broken connection or a peer without gRPC. Their codes would be final if a server had
 * sent them, but no server has answered the request (grpc-js 1.14, subchannel-call.ts, stream-decoder.ts).
 */
const NO_ANSWER = new RegExp(
  '^Received (RST_STREAM|HTTP status code)|Call ended without gRPC status|^Protocol not secure enough' +
    `|^Bandwidth exhausted|\\(\\d+ vs\\.? ${MAX_ANSWER_BYTES}\\)`,
);

interface ExportClient extends Client {
  export(
    request: Buffer,
    metadata: Metadata,
    options: { deadline: number },
    callback: (error: ServiceError | null, response?: Buffer) => void,
  ): unknown;
}

const pass = (bytes: Buffer): Buffer => bytes;

/** A client whose requests and responses are passed through as bytes. */
function serviceClient({ method }: Signal): ReturnType<typeof makeGenericClientConstructor> {
  const messages = {
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  };
  const definition = { path: method, requestStream: false, responseStream: false, ...messages };
  return makeGenericClientConstructor({ export: definition }, method);
}

/** OTLP/gRPC. */
export class GrpcTransport implements OtlpTransport {
  readonly #options: OtlpOptions;
  readonly #endpoint: GrpcEndpoint;
  readonly #credentials: CredentialSource;
  readonly #signal: Signal;
  #metadata: Metadata;
  #client: ExportClient | undefined;

  /** @throws MemwardenError CONFIG_INVALID when the endpoint is not valid. */
  constructor(options: OtlpOptions, credentials: CredentialSource, signal: Signal) {
    this.#options = options;
    this.#signal = signal;
    this.#endpoint = grpcEndpoint(options, signal);
    this.#credentials = credentials;
    this.#metadata = toMetadata(credentials.current.headers);
  }

  get address(): string {
    return this.#endpoint.target;
  }

  async send(request: Buffer): Promise<ExportOutcome> {
    if (this.#credentials.refresh()) {
      this.#metadata = toMetadata(this.#credentials.current.headers);
      this.close();
    }
    this.#client ??= this.#connect();
    const client = this.#client;
    const deadline = Date.now() + this.#options.timeoutMillis;
    const outcome = await new Promise<ExportOutcome>(resolve => {
      client.export(request, this.#metadata, { deadline }, (error, response) => {
        resolve(error === null ? readResponse(this.#signal, response ?? Buffer.alloc(0)) : classify(error));
      });
    });
    // TCP keeps a connection to a vanished peer open for minutes; a new connection shows whether the peer is there
    if (outcome.kind === 'retry' && outcome.reconnect && this.#client === client) this.close();
    return outcome;
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #connect(): ExportClient {
    const { certificate, clientKey, clientCertificate } = this.#credentials.current;
    const channelOptions: ClientOptions = {
      'grpc.primary_user_agent': USER_AGENT,
      'grpc.default_compression_algorithm':
        this.#options.compression === 'gzip' ? compressionAlgorithms.gzip : compressionAlgorithms.identity,
      'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
      // only while a request is in flight: servers count pings on idle connections as abuse
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.keepalive_permit_without_calls': 0,
      // the sender has its own backoff, to which the channel's default of up to two minutes would be added
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.enable_retries': 0,
      // a connection that was closed as dead must not be reused from the process-wide pool
      'grpc.use_local_subchannel_pool': 1,
    };
    const credentials = this.#endpoint.tls
      ? createSslCredentials(certificate, clientKey, clientCertificate)
      : createInsecureCredentials();
    // serviceClient defines exactly the method that ExportClient declares
    const ServiceClient = serviceClient(this.#signal);
    return new ServiceClient(this.#endpoint.target, credentials, channelOptions) as unknown as ExportClient;
  }
}

function classify(error: ServiceError): ExportOutcome {
  // grpc-js appends to the message of a failed connection a "Resolution note", which is usually empty
  const reason = `${status[error.code] ?? error.code}: ${error.details.replace(/\.? Resolution note: $/, '')}`;
  const [details] = error.metadata.get(DETAILS_TRAILER);
  const delayMillis = details instanceof Uint8Array ? readRetryInfoMillis(details) : undefined;
  if (RETRYABLE.has(error.code) || NO_ANSWER.test(error.details)) {
    return {
      kind: 'retry',
      reason,
      ...(delayMillis === undefined ? {} : { delayMillis }),
      reconnect: error.code === status.DEADLINE_EXCEEDED,
    };
  }
  if (error.code === status.RESOURCE_EXHAUSTED) {
    if (delayMillis !== undefined) return { kind: 'retry', reason, delayMillis };
    if (/larger than max/i.test(error.details))
      return { kind: 'refused', code: 'RESOURCE_EXHAUSTED', reason, blame: 'size' };
  }
  const blame = CONNECTION.has(error.code) ? 'connection' : 'records';
  return { kind: 'refused', code: status[error.code] ?? String(error.code), reason, blame };
}

function toMetadata(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
