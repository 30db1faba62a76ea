import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { Metadata, Server, ServerCredentials, type status } from '@grpc/grpc-js';

/** How to answer one request: `undefined` never, a Buffer positively, else with a status. */
export type Answer =
  | Buffer
  | { readonly code: status; readonly details?: string; readonly trailer?: Buffer }
  | undefined;

export const OK = Buffer.alloc(0);

/** A real gRPC server in the place of a collector: answers in turn, the last answer for ever, and keeps the requests. */
export class GrpcCollector {
  readonly requests: Buffer[] = [];
  readonly #answers: Answer[];
  readonly #arrivals = new EventEmitter();
  readonly #server: Server;
  port = 0;

  private constructor(answers: readonly Answer[], maxRequestBytes: number) {
    this.#answers = [...answers];
    this.#server = new Server({ 'grpc.max_receive_message_length': maxRequestBytes });
    const pass = (bytes: Buffer): Buffer => bytes;
    this.#server.addService(
      {
        export: {
          path: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
          requestStream: false,
          responseStream: false,
          requestSerialize: pass,
          requestDeserialize: pass,
          responseSerialize: pass,
          responseDeserialize: pass,
        },
      },
      {
        export: (
          { request }: { request: Buffer },
          callback: (error: object | null, response?: Buffer) => void,
        ): void => {
          this.requests.push(request);
          this.#answer(callback);
          this.#arrivals.emit('request');
        },
      },
    );
  }

  /** Listens on a free port of 127.0.0.1 until the test is over. */
  static async start(
    t: TestContext,
    answers: readonly Answer[],
    maxRequestBytes = -1,
  ): Promise<GrpcCollector> {
    const collector = new GrpcCollector(answers, maxRequestBytes);
    collector.port = await new Promise<number>((resolve, reject) => {
      collector.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    t.after(() => collector.#server.forceShutdown());
    return collector;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when `count` requests have come, those before the call included. */
  async received(count: number): Promise<void> {
    while (this.requests.length < count) await once(this.#arrivals, 'request');
  }

  #answer(callback: (error: object | null, response?: Buffer) => void): void {
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    if (answer === undefined) return;
    if (Buffer.isBuffer(answer)) {
      callback(null, answer);
      return;
    }
    const metadata = new Metadata();
    if (answer.trailer) metadata.set('grpc-status-details-bin', answer.trailer);
    callback({ code: answer.code, details: answer.details ?? '', metadata });
  }
}
