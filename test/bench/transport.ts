/**
 * Compares the durable mode's gRPC call with the exporter base's own delegate and a pass-through serializer: the same
 * encoded request of 512 records, four in flight, to a minimal receiver; CPU time of this process per request, in
 * interleaved rounds. Run: node test/bench/transport.ts
 */
import { ExportResultCode } from '@opentelemetry/core';
import {
  convertLegacyOtlpGrpcOptions,
  createInsecureCredentials,
  createOtlpGrpcExportDelegate,
} from '@opentelemetry/otlp-grpc-exporter-base';
import type { IExporterMetricsHelper, ISerializer } from '@opentelemetry/otlp-transformer';
import { TELEMETRY_DEFAULTS } from '../../src/telemetry/options.ts';
import { CredentialSource } from '../../src/telemetry/otlp/credentials.ts';
import { GrpcTransport } from '../../src/telemetry/otlp/grpc-transport.ts';
import { LOGS } from '../../src/telemetry/otlp/signal.ts';
import { Receiver } from './receiver-process.ts';
import { median, readable } from './statistics.ts';

const RECORD_BYTES = 2_300;
const RECORDS = 512;
const REQUESTS = 300;
const IN_FLIGHT = 4;
const ROUNDS = 7;

/** Sends one request. @throws Error when the receiver does not take it */
type Send = (request: Buffer) => Promise<void>;

function ours(endpoint: string): Send {
  const options = { ...TELEMETRY_DEFAULTS.otlp, endpoint };
  const transport = new GrpcTransport(options, new CredentialSource(options), LOGS);
  return async request => {
    const outcome = await transport.send(request);
    if (outcome.kind !== 'accepted') throw new Error(`failed to send a request: ${outcome.reason}`);
  };
}

function delegate(endpoint: string): Send {
  const serializer: ISerializer<Buffer, object> = {
    serializeRequest: request => request,
    deserializeResponse: () => ({}),
  };
  const metrics: IExporterMetricsHelper<Buffer> = { name: 'log', countItems: () => RECORDS };
  const exporter = createOtlpGrpcExportDelegate(
    convertLegacyOtlpGrpcOptions({ url: endpoint, credentials: createInsecureCredentials() }, 'LOGS'),
    serializer,
    'otlp_grpc_log_exporter',
    metrics,
    undefined,
    'LogsExportService',
    LOGS.method,
  );
  return request =>
    new Promise((resolve, reject) => {
      exporter.export(request, ({ code, error }) =>
        code === ExportResultCode.SUCCESS ? resolve() : reject(error),
      );
    });
}

/** CPU time a request, µs. */
async function measure(send: Send, request: Buffer): Promise<number> {
  const before = process.cpuUsage();
  let left = REQUESTS;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await send(request);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

/** An ExportLogsServiceRequest of empty records of that size. */
function exportRequest(): Buffer {
  const varint = (value: number): number[] =>
    value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
  const message = (key: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([key, ...varint(content.length)]), content]);
  // LogRecord.body (5) with a string_value (1); ScopeLogs.log_records (2), ResourceLogs.scope_logs (2), resource_logs (1)
  const record = message(0x12, message(0x2a, message(0x0a, Buffer.alloc(RECORD_BYTES, 'x'))));
  return message(0x0a, message(0x12, Buffer.concat(Array(RECORDS).fill(record))));
}

const receiver = await Receiver.start();
const request = exportRequest();
const ways = { ours: ours(receiver.endpoint), delegate: delegate(receiver.endpoint) };
const rounds: Record<keyof typeof ways, number[]> = { ours: [], delegate: [] };
for (let round = 0; round <= ROUNDS; round++) {
  for (const way of ['ours', 'delegate'] as const) {
    const micros = await measure(ways[way], request);
    if (round > 0) rounds[way].push(micros); // the first round warms up the JIT
  }
}
const [own, base] = [median(rounds.ours), median(rounds.delegate)];
console.log(
  `CPU a request of ${RECORDS} records, ${request.length} bytes: ours ${readable(own)} µs, ` +
    `exporter base's delegate ${readable(base)} µs, ratio ${(base / own).toFixed(2)}`,
);
await receiver.stop();
process.exit();
