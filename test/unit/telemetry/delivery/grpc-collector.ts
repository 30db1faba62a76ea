import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { type Refused, type Respond, serveLogs } from './logs-service.ts';

/** Response to one request: `undefined` none, a Buffer success, else an error status. */
export type Answer = Buffer | Refused | undefined;

export const OK = Buffer.alloc(0);

/** A real gRPC server as the collector. Its answers are given in turn, the last one forever; it records the requests. */
export class GrpcCollector {
  readonly requests: Buffer[] = [];
  readonly #answers: Answer[];
  readonly #arrivals = new EventEmitter();
  port = 0;

  private constructor(answers: readonly Answer[]) {
    this.#answers = [...answers];
  }

  /** Listens on a free port of 127.0.0.1 until the end of the test. */
  static async start(
    t: TestContext,
    answers: readonly Answer[],
    maxRequestBytes = -1,
  ): Promise<GrpcCollector> {
    const collector = new GrpcCollector(answers);
    collector.port = await serveLogs(t, collector.#onRequest, maxRequestBytes);
    return collector;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when `count` requests have arrived, including those before the call. */
  async received(count: number): Promise<void> {
    while (this.requests.length < count) await once(this.#arrivals, 'request');
  }

  readonly #onRequest = (request: Buffer, respond: Respond): void => {
    this.requests.push(request);
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    if (answer !== undefined) respond(answer);
    this.#arrivals.emit('request');
  };
}
