import { ProtobufLogsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { OtlpOptions } from '../options.ts';

/** The records or data points that the collector rejected from an accepted request, and its message about them. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** The parts of OTLP that differ between logs and metrics. */
export interface Signal {
  /** Full name of the gRPC method. */
  readonly method: string;
  /** Path of HTTP requests, appended to the endpoint for all signals. */
  readonly path: string;
  /** The endpoint that is set for this signal alone. */
  ownEndpoint(options: OtlpOptions): string | undefined;
  /** @throws Error when the response is not OTLP */
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
