import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { gzipSync } from 'node:zlib';
import type { OtlpOptions } from '../options.ts';
import type { CredentialSource } from './credentials.ts';
import { httpEndpoint } from './endpoint.ts';
import type { ExportOutcome } from './export-outcome.ts';
import { readResponse } from './response.ts';
import type { Signal } from './signal.ts';
import type { OtlpTransport } from './transport.ts';
import { USER_AGENT } from './user-agent.ts';

/** OTLP specification, "OTLP/HTTP Response", "Retryable Response Codes". */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Errors because of credentials or address and not because of the records. */
const CONNECTION: ReadonlySet<number> = new Set([401, 403, 404, 405, 407]);
const TOO_LARGE = 413;
/** Largest response, bytes; a normal one has a few hundred. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** OTLP/HTTP with protocol buffers. */
export class HttpTransport implements OtlpTransport {
  readonly #options: OtlpOptions;
  readonly #url: URL;
  readonly #credentials: CredentialSource;
  readonly #signal: Signal;
  #agent: HttpAgent | undefined;

  /** @throws MemwardenError CONFIG_INVALID when the endpoint is not valid. */
  constructor(options: OtlpOptions, credentials: CredentialSource, signal: Signal) {
    this.#options = options;
    this.#signal = signal;
    this.#url = httpEndpoint(options, signal);
    this.#credentials = credentials;
  }

  get address(): string {
    return this.#url.href;
  }

  async send(request: Buffer): Promise<ExportOutcome> {
    if (this.#credentials.refresh()) this.close();
    this.#agent ??= this.#connect();
    try {
      return await this.#post(request, this.#agent);
    } catch (error) {
      return { kind: 'retry', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  #connect(): HttpAgent {
    if (this.#url.protocol === 'http:') return new HttpAgent({ keepAlive: true });
    const { certificate: ca, clientKey: key, clientCertificate: cert } = this.#credentials.current;
    return new HttpsAgent({ keepAlive: true, ca, key, cert });
  }

  async #post(request: Buffer, agent: HttpAgent): Promise<ExportOutcome> {
    const gzip = this.#options.compression === 'gzip';
    const body = gzip ? gzipSync(request) : request;
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = send(this.#url, {
      method: 'POST',
      agent,
      signal: AbortSignal.timeout(this.#options.timeoutMillis),
      headers: {
        ...this.#credentials.current.headers,
        'content-type': 'application/x-protobuf',
        'content-length': body.length,
        'user-agent': USER_AGENT,
        ...(gzip ? { 'content-encoding': 'gzip' } : {}),
      },
    });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
    const response = await promise;
    return outcomeOf(this.#signal, response, await read(response));
  }
}

function outcomeOf(signal: Signal, response: IncomingMessage, body: Buffer): ExportOutcome {
  const { statusCode = 0, statusMessage, headers } = response;
  if (statusCode >= 200 && statusCode < 300) return readResponse(signal, body);
  const code = `HTTP ${statusCode}`;
  const reason = `${code} ${statusMessage ?? ''}`.trim();
  if (RETRYABLE.has(statusCode)) {
    const seconds = Number(headers['retry-after']);
    return { kind: 'retry', reason, ...(seconds > 0 ? { delayMillis: seconds * 1_000 } : {}) };
  }
  if (statusCode === TOO_LARGE) return { kind: 'refused', code, reason, blame: 'size' };
  return { kind: 'refused', code, reason, blame: CONNECTION.has(statusCode) ? 'connection' : 'records' };
}

/** @throws Error when the response ends early or is too large */
async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
