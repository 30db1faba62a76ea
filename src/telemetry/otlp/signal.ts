import { ProtobufLogsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { OtlpOptions } from '../options.ts';

/** What the collector took only in part, and what it said about the rest. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** A kind of telemetry, as far as OTLP distinguishes them. */
export interface Signal {
  /** Full name of the gRPC method. */
  readonly method: string;
  /** Path of HTTP requests, below the endpoint that is for all signals. */
  readonly path: string;
  /** The endpoint that is for this signal alone. */
  ownEndpoint(options: OtlpOptions): string | undefined;
  /** @throws Error when the answer is no collector's */
  readResponse(body: Uint8Array): PartialSuccess;
}

export const LOGS: Signal = {
  method: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  path: 'v1/logs',
  ownEndpoint: ({ logsEndpoint }) => logsEndpoint,
  readResponse: body => {
    const { partialSuccess } = ProtobufLogsSerializer.deserializeResponse(body);
    return {
      rejected: partialSuccess?.rejectedLogRecords ?? 0,
      message: partialSuccess?.errorMessage ?? '',
    };
  },
};

export const METRICS: Signal = {
  method: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  path: 'v1/metrics',
  ownEndpoint: ({ metricsEndpoint }) => metricsEndpoint,
  readResponse: body => {
    const { partialSuccess } = ProtobufMetricsSerializer.deserializeResponse(body);
    return {
      rejected: partialSuccess?.rejectedDataPoints ?? 0,
      message: partialSuccess?.errorMessage ?? '',
    };
  },
};
