import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface BackendRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

/** A backend's response to one request; undefined: the other rules of the test decide. */
export type Answer = (request: BackendRequest, response: ServerResponse) => void;

/** An HTTP server as a backend: it records the requests and answers as the test says. */
export class Backend implements AsyncDisposable {
  readonly #server: Server;
  readonly #requests: BackendRequest[] = [];
  #arrived = Promise.withResolvers<void>();
  /** May be replaced while it runs. */
  answer: Answer;

  private constructor(answer: Answer) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', chunk => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const received = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body: request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body,
        };
        this.answer(received, response);
        this.#requests.push(received);
        this.#arrived.resolve();
      });
    });
  }

  static async start(answer: Answer): Promise<Backend> {
    const backend = new Backend(answer);
    backend.#server.listen(0, '127.0.0.1');
    await once(backend.#server, 'listening');
    return backend;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits for a request that satisfies `wanted`, including earlier ones. */
  async request(wanted: (request: BackendRequest) => boolean): Promise<BackendRequest> {
    for (;;) {
      this.#arrived = Promise.withResolvers();
      const found = this.#requests.find(wanted);
      if (found !== undefined) return found;
      await this.#arrived.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
