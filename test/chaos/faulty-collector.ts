import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import type { status } from '@grpc/grpc-js';
import { type Respond, serveLogs } from '../unit/telemetry/delivery/logs-service.ts';

/** The response: none, success with these bytes, or an error status. Only a success records the request. */
export type Fault =
  | { readonly kind: 'silence' }
  | { readonly kind: 'answer'; readonly body: Buffer; readonly keeps: boolean }
  | { readonly kind: 'status'; readonly code: status; readonly trailer?: Buffer };

const WELL: Fault = { kind: 'answer', body: Buffer.alloc(0), keeps: true };

/** An OTLP/gRPC server that fails on demand and records the requests that it has accepted. */
export class FaultyCollector {
  /** Accepted requests. */
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

  /** The requests as one text, in which uids can be searched. */
  get taken(): string {
    return this.requests.map(request => request.toString('latin1')).join('\n');
  }

  get port(): number {
    return this.#port;
  }

  /** Fails until `recover`. */
  fail(fault: Fault): void {
    this.#fault = fault;
  }

  recover(): void {
    this.#fault = WELL;
  }

  /** Fails for `requests` requests, then recovers. */
  async misbehave(fault: Fault, requests: number): Promise<void> {
    this.#refused = 0;
    this.fail(fault);
    while (this.#refused < requests) await once(this.#arrivals, 'request');
    this.recover();
  }

  /** Resolves at the next request. */
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
