import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import type { status } from '@grpc/grpc-js';
import { type Respond, serveLogs } from '../unit/telemetry/delivery/logs-service.ts';

/** How to answer: never, positively with these bytes, or with a status. Only a positive answer keeps the records. */
export type Fault =
  | { readonly kind: 'silence' }
  | { readonly kind: 'answer'; readonly body: Buffer; readonly keeps: boolean }
  | { readonly kind: 'status'; readonly code: status; readonly trailer?: Buffer };

const WELL: Fault = { kind: 'answer', body: Buffer.alloc(0), keeps: true };

/** An OTLP/gRPC server that misbehaves on demand and remembers what it has taken. */
export class FaultyCollector {
  /** Requests that were taken. */
  readonly requests: Buffer[] = [];
  readonly #arrivals = new EventEmitter();
  #fault = WELL;
  #refused = 0;
  #port = 0;

  static async start(t: TestContext): Promise<FaultyCollector> {
    const collector = new FaultyCollector();
    collector.#port = await serveLogs(t, collector.#onRequest);
    return collector;
  }

  /** The requests as a text in which uids can be found. */
  get taken(): string {
    return this.requests.map(request => request.toString('latin1')).join('\n');
  }

  get port(): number {
    return this.#port;
  }

  /** Misbehaves until `recover`. */
  fail(fault: Fault): void {
    this.#fault = fault;
  }

  recover(): void {
    this.#fault = WELL;
  }

  /** Misbehaves until `requests` requests have met the fault, then is well again. */
  async misbehave(fault: Fault, requests: number): Promise<void> {
    this.#refused = 0;
    this.fail(fault);
    while (this.#refused < requests) await once(this.#arrivals, 'request');
    this.recover();
  }

  /** Resolves when a request has come after the call. */
  async arrival(): Promise<void> {
    await once(this.#arrivals, 'request');
  }

  readonly #onRequest = (request: Buffer, respond: Respond): void => {
    const fault = this.#fault;
    if (fault.kind === 'answer' && fault.keeps) this.requests.push(request);
    if (fault !== WELL) this.#refused++;
    this.#arrivals.emit('request');
    if (fault.kind === 'answer') respond(fault.body);
    else if (fault.kind === 'status') respond({ ...fault, details: 'misbehaving on demand' });
  };
}
