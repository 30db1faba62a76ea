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
 * Largest answer, bytes; an answer is a few hundred. The odd number is found again in the message with which grpc-js
 * reports a larger one, and distinguishes it from a server's complaint about a larger request.
 */
const MAX_ANSWER_BYTES = 1024 * 1024 + 1;

/** OTLP specification, "Failures": these are to be retried, RESOURCE_EXHAUSTED only with RetryInfo. */
const RETRYABLE = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** Answers to who asks, or where, and not to what was sent. */
const CONNECTION = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
  status.RESOURCE_EXHAUSTED,
]);

/**
 * What grpc-js itself says of a connection that broke or spoke no gRPC. It borrows codes that are final when a server
 * sends them, but no server has judged the request (grpc-js 1.14, subchannel-call.ts, stream-decoder.ts).
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

/** The service with its messages left encoded, on the way out and on the way in. */
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
    // A connection whose other end is gone without a word stays open for minutes; a new one shows.
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
      // Only while a request is under way: servers count pings on idle connections as abuse.
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.keepalive_permit_without_calls': 0,
      // The sender paces its own attempts; the channel's default backoff of up to two minutes would come on top.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.enable_retries': 0,
      // A connection that was closed for being dead must not come back from the process-wide pool.
      'grpc.use_local_subchannel_pool': 1,
    };
    const credentials = this.#endpoint.tls
      ? createSslCredentials(certificate, clientKey, clientCertificate)
      : createInsecureCredentials();
    // The constructor made above has exactly the method that ExportClient declares.
    const ServiceClient = serviceClient(this.#signal);
    return new ServiceClient(this.#endpoint.target, credentials, channelOptions) as unknown as ExportClient;
  }
}

function classify(error: ServiceError): ExportOutcome {
  // grpc-js ends its message about a failed connection with a note of the resolver, which is mostly empty
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
