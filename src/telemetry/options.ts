import type { SpoolOptions } from './spool/options.ts';

/** Where records go (`OTEL_LOGS_EXPORTER`). */
export type ExporterKind = 'otlp' | 'console' | 'none';

/** Where metrics go beside `/metrics` (`OTEL_METRICS_EXPORTER`). */
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
  /** File with one `name=value` a line; wins over `headers` name by name, and is read again when it changes. */
  readonly headersPath?: string;
  /** How long one request may take, milliseconds. */
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
 * The sidecar's metrics of itself over OTLP. What is not given here of how to reach the collector is as for records; each
 * field is the value of an `OTEL_EXPORTER_OTLP_METRICS_*` variable.
 */
export interface MetricsOptions
  extends Partial<Omit<OtlpOptions, 'endpoint' | 'logsEndpoint' | 'metricsEndpoint' | 'headersPath'>> {
  /** `OTEL_METRICS_EXPORTER`; `/metrics` is served whatever it is, so `prometheus` is nothing beside it, as `none`. */
  readonly exporter: MetricsExporterKind;
  /** `OTEL_METRIC_EXPORT_INTERVAL`: time between two readings, milliseconds. */
  readonly intervalMillis: number;
}

/** How records are brought to the collector: `durable` by spool and sender, `stock` by the OpenTelemetry SDK alone. */
export type DeliveryMode = 'durable' | 'stock';

/** The sender's pace. */
export interface DeliveryOptions {
  readonly mode: DeliveryMode;
  /** `OTEL_BLRP_SCHEDULE_DELAY`: longest wait of a record below high severity for company, milliseconds. */
  readonly scheduleDelayMillis: number;
  /** `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`: most records in one request. */
  readonly maxExportBatchSize: number;
  /** Largest request before compression, bytes. Collectors refuse more than 4 MiB by default. */
  readonly maxRequestBytes: number;
  /** Requests in flight at once; 1 when `preserveOrder`. */
  readonly maxInFlight: number;
  /** `OTEL_BLRP_MAX_QUEUE_SIZE`: most records that wait in memory; stock mode alone, in durable mode the queue is the spool. */
  readonly maxQueueSize: number;
  /** `OTEL_BLRP_EXPORT_TIMEOUT`: longest time for one export, milliseconds; stock mode alone. */
  readonly exportTimeoutMillis: number;
  /** Deliver records in the order in which they happened, at the price of one request at a time. */
  readonly preserveOrder: boolean;
  /** First wait after a retryable failure; doubles, with jitter, up to the longest. Milliseconds. */
  readonly retryInitialMillis: number;
  readonly retryMaxMillis: number;
}

/** What the Resource says beside what can be read from the host. */
export interface ResourceOptions {
  /** `OTEL_SERVICE_NAME`; undefined: that of `attributes`, else `memwarden`. */
  readonly serviceName?: string;
  /** `OTEL_RESOURCE_ATTRIBUTES` as written: `key=value,…`, percent-encoded. */
  readonly attributes?: string;
  readonly nodeName?: string;
  readonly clusterName?: string;
}

export interface TelemetryOptions {
  readonly exporter: ExporterKind;
  /** Console exporter: one readable line a record in place of JSON. */
  readonly pretty: boolean;
  readonly resource: ResourceOptions;
  readonly delivery: DeliveryOptions;
  readonly otlp: OtlpOptions;
  readonly metrics: MetricsOptions;
  /** Undefined: undelivered records are kept in memory only, and are lost with the process. */
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
