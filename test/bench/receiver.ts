/**
 * A minimal collector: acknowledges OTLP/gRPC log requests and counts their records, without decoding them. Prints its port,
 * and for each line on standard input the number of records so far. Plain HTTP/2 with large windows, so that it is cheap and
 * never the bottleneck.
 */
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

const WINDOW_BYTES = 64 * 1024 * 1024;
/** Length-prefix of a gRPC message. */
const PREFIX_BYTES = 5;
const LENGTH_DELIMITED = 2;
/** Path of field numbers to a record: ExportLogsServiceRequest.resource_logs, .scope_logs, .log_records. */
const PATH = [1, 2, 2];

/** Counts the fields at the end of the path by stepping over their contents. */
function countRecords(message: Buffer, start: number, end: number, depth: number): number {
  let count = 0;
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < end) {
    const key = varint();
    if ((key & 7) !== LENGTH_DELIMITED) throw new RangeError(`no message of logs: key ${key}`);
    const length = varint();
    if (key >>> 3 === PATH[depth]) {
      count += depth === PATH.length - 1 ? 1 : countRecords(message, at, at + length, depth + 1);
    }
    at += length;
  }
  return count;
}

let records = 0;

function answer(stream: ServerHttp2Stream): void {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    const message = Buffer.concat(chunks);
    records += countRecords(message, PREFIX_BYTES, message.length, 0);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.alloc(PREFIX_BYTES));
  });
}

const server = createServer({ settings: { initialWindowSize: WINDOW_BYTES, maxFrameSize: 1024 * 1024 } });
server.on('session', session => session.setLocalWindowSize(WINDOW_BYTES));
server.on('stream', answer);
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
createInterface(process.stdin)
  .on('line', () => process.stdout.write(`${records}\n`))
  .on('close', () => process.exit());
