import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { Metadata, Server, ServerCredentials, type status } from '@grpc/grpc-js';

/** How to answer: never, positively with these bytes, or with a status. Only a positive answer keeps the records. */
export type Fault =
  | { readonly kind: 'silence' }
  | { readonly kind: 'answer'; readonly body: Buffer; readonly keeps: boolean }
  | { readonly kind: 'status'; readonly code: status; readonly trailer?: Buffer };

const WELL: Fault = { kind: 'answer', body: Buffer.alloc(0), keeps: true };

/** An OTLP/gRPC server that misbehaves on demand and remembers what it has taken. */
export class FaultyCollector {
  /** Requests that were taken, as latin1: enough to find uids in. */
  readonly taken: string[] = [];
  readonly #server = new Server({ 'grpc.max_receive_message_length': -1 });
  readonly #arrivals = new EventEmitter();
  #fault = WELL;
  #refused = 0;
  #port = 0;

  static async start(t: TestContext): Promise<FaultyCollector> {
    const collector = new FaultyCollector();
    const pass = (bytes: Buffer): Buffer => bytes;
    collector.#server.addService(
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
      { export: collector.#export },
    );
    collector.#port = await new Promise<number>((resolve, reject) => {
      collector.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    t.after(() => collector.#server.forceShutdown());
    return collector;
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

  readonly #export = (
    { request }: { request: Buffer },
    callback: (error: object | null, response?: Buffer) => void,
  ): void => {
    const fault = this.#fault;
    if (fault.kind === 'answer' && fault.keeps) this.taken.push(request.toString('latin1'));
    if (fault !== WELL) this.#refused++;
    this.#arrivals.emit('request');
    if (fault.kind === 'silence') return;
    if (fault.kind === 'answer') {
      callback(null, fault.body);
      return;
    }
    const metadata = new Metadata();
    if (fault.trailer !== undefined) metadata.set('grpc-status-details-bin', fault.trailer);
    callback({ code: fault.code, details: 'misbehaving on demand', metadata });
  };
}
