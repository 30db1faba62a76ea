import type { SpoolOptions } from './spool/options.ts';

/** Exporter of records (`OTEL_LOGS_EXPORTER`). */
export type ExporterKind = 'otlp' | 'console' | 'none';

/** Exporter of metrics in addition to `/metrics` (`OTEL_METRICS_EXPORTER`). */
export type MetricsExporterKind = 'none' | 'prometheus' | 'otlp';

/** OTLP transports (`OTEL_EXPORTER_OTLP_PROTOCOL`); `http/json` is not offered. */
export type OtlpProtocol = 'grpc' | 'http/protobuf';

export type OtlpCompression = 'none' | 'gzip';

/**
 * How to reach the collector. Each field is the value of the `OTEL_EXPORTER_OTLP_LOGS_*` variable where that is set,
 * else of `OTEL_EXPORTER_OTLP_*`; rules: OpenTelemetry specification, "OpenTelemetry Protocol Exporter".
 */
export interface OtlpOptions {
  readonly protocol: OtlpProtocol;
  /**
   * `OTEL_EXPORTER_OTLP_ENDPOINT`: `http://host:port`, `https://host:port`, and for gRPC also `host:port` and
   * `unix:/path`. HTTP appends `/v1/logs`. Undefined: port 4317 (gRPC) or 4318 (HTTP) on localhost.
   */
  readonly endpoint?: string;
  /** `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`: wins over `endpoint`, and HTTP uses its path as it is. */
  readonly logsEndpoint?: string;
  /** `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`: the same for metrics. */
  readonly metricsEndpoint?: string;
  /** Sent with every request; values are secrets and are never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** File with one `name=value` per line. Each header in it overrides the one in `headers`. Read again when it changes. */
  readonly headersPath?: string;
  /** Longest duration of one request, milliseconds. */
  readonly timeoutMillis: number;
  readonly compression: OtlpCompression;
  /** gRPC endpoints without a scheme: connect without TLS. A scheme always wins. */
  readonly insecure: boolean;
  /** PEM files; read again when they change. A file that cannot be read stops the start. */
  readonly certificatePath?: string;
  readonly clientKeyPath?: string;
  readonly clientCertificatePath?: string;
}

/**
 * Export of the sidecar's metrics of itself over OTLP. Each field is the value of an `OTEL_EXPORTER_OTLP_METRICS_*`
 * variable; a field that is not set has the value for records.
 */
export interface MetricsOptions
  extends Partial<Omit<OtlpOptions, 'endpoint' | 'logsEndpoint' | 'metricsEndpoint' | 'headersPath'>> {
  /** `OTEL_METRICS_EXPORTER`. `/metrics` is served in any case, so `prometheus` and `none` mean the same. */
  readonly exporter: MetricsExporterKind;
  /** `OTEL_METRIC_EXPORT_INTERVAL`: time between two exports, milliseconds. */
  readonly intervalMillis: number;
}

/** Delivery to the collector: `durable` with spool and sender, `stock` with the OpenTelemetry SDK alone. */
export type DeliveryMode = 'durable' | 'stock';

/** Batching, concurrency and retries of the delivery. */
export interface DeliveryOptions {
  readonly mode: DeliveryMode;
  /** `OTEL_BLRP_SCHEDULE_DELAY`: longest wait of a record below severity HIGH for a batch to fill, milliseconds. */
  readonly scheduleDelayMillis: number;
  /** `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`: most records in one request. */
  readonly maxExportBatchSize: number;
  /** Largest request before compression, bytes. Collectors refuse more than 4 MiB by default. */
  readonly maxRequestBytes: number;
  /** Requests in flight at once; 1 when `preserveOrder`. */
  readonly maxInFlight: number;
  /** `OTEL_BLRP_MAX_QUEUE_SIZE`: most records in the queue; stock mode only, the queue of durable mode is the spool. */
  readonly maxQueueSize: number;
  /** `OTEL_BLRP_EXPORT_TIMEOUT`: longest duration of one export, milliseconds; stock mode only. */
  readonly exportTimeoutMillis: number;
  /** Deliver records in the order of their events, which allows only one request at a time. */
  readonly preserveOrder: boolean;
  /** First wait after a retryable failure, milliseconds. It doubles, with jitter, up to `retryMaxMillis`. */
  readonly retryInitialMillis: number;
  readonly retryMaxMillis: number;
}

/** Resource attributes that cannot be read from the host. */
export interface ResourceOptions {
  /** `OTEL_SERVICE_NAME`; undefined: `service.name` of `attributes`, else `memwarden`. */
  readonly serviceName?: string;
  /** `OTEL_RESOURCE_ATTRIBUTES`, not yet parsed: `key=value,…`, percent-encoded. */
  readonly attributes?: string;
  readonly nodeName?: string;
  readonly clusterName?: string;
}

export interface TelemetryOptions {
  readonly exporter: ExporterKind;
  /** Console exporter: one readable line per record instead of JSON. */
  readonly pretty: boolean;
  readonly resource: ResourceOptions;
  readonly delivery: DeliveryOptions;
  readonly otlp: OtlpOptions;
  readonly metrics: MetricsOptions;
  /** Undefined: undelivered records are in memory only and are lost when the process ends. */
  readonly spool?: SpoolOptions;
}

/** Defaults of the settings above, used by the configuration schema and by its documentation. */
export const TELEMETRY_DEFAULTS = {
  exporter: 'otlp',
  pretty: false,
  resource: {},
  delivery: {
    mode: 'durable',
    scheduleDelayMillis: 1_000,
    maxExportBatchSize: 512,
    maxRequestBytes: 3_500_000,
    maxInFlight: 4,
    maxQueueSize: 2_048,
    exportTimeoutMillis: 30_000,
    preserveOrder: false,
    retryInitialMillis: 1_000,
    retryMaxMillis: 30_000,
  },
  otlp: { protocol: 'grpc', headers: {}, timeoutMillis: 10_000, compression: 'none', insecure: false },
  metrics: { exporter: 'none', intervalMillis: 60_000 },
} as const satisfies TelemetryOptions;
