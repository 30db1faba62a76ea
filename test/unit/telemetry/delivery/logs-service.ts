import type { TestContext } from 'node:test';
import { Metadata, Server, ServerCredentials, type status } from '@grpc/grpc-js';

/** An error response: a gRPC status and the value of `grpc-status-details-bin`. */
export interface Refused {
  readonly code: status;
  readonly details?: string | undefined;
  readonly trailer?: Buffer | undefined;
}

/** Answers a request with the bytes of a response or with an error. As long as it is not called, the client waits. */
export type Respond = (answer: Buffer | Refused) => void;

const pass = (bytes: Buffer): Buffer => bytes;

/**
 * A real gRPC server with the LogsService of OTLP, or the service of another signal, on a free port of 127.0.0.1 until the
 * end of the test. Messages are passed as bytes.
 * @returns the port
 */
export async function serveLogs(
  t: TestContext,
  onRequest: (request: Buffer, respond: Respond) => void,
  maxRequestBytes = -1,
  path = '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
): Promise<number> {
  const server = new Server({ 'grpc.max_receive_message_length': maxRequestBytes });
  server.addService(
    {
      export: {
        path,
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
        onRequest(request, answer => {
          if (Buffer.isBuffer(answer)) {
            callback(null, answer);
            return;
          }
          const metadata = new Metadata();
          if (answer.trailer !== undefined) metadata.set('grpc-status-details-bin', answer.trailer);
          callback({ code: answer.code, details: answer.details ?? '', metadata });
        });
      },
    },
  );
  t.after(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}
