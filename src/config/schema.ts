import { fileURLToPath } from 'node:url';
import type {
  DeliveryMode,
  ExporterKind,
  MetricsExporterKind,
  MetricsOptions,
  OtlpCompression,
  OtlpProtocol,
} from '../telemetry/options.ts';
import { TELEMETRY_DEFAULTS } from '../telemetry/options.ts';
import { SPOOL_DEFAULTS } from '../telemetry/spool/options.ts';
import { eventSelection } from './event-selection.ts';
import {
  bytes,
  duration,
  endpoint,
  type Format,
  filePath,
  flag,
  headers,
  integer,
  keyValues,
  keyValueText,
  list,
  oneOf,
  text,
} from './format.ts';
import { flatten, groupsOf, optional, type Setting, setting, type ValuesOf } from './setting.ts';

const MAX_MILLIS = 2 ** 31 - 1;

/** The specification's names of an OTLP option: the one for logs wins over the general one. */
function otlpNames(name: string): readonly string[] {
  return [`OTEL_EXPORTER_OTLP_LOGS_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
}

/** A setting of `telemetry.otlp` that can have another value for metrics. */
function forMetrics<T>(
  key: keyof MetricsOptions,
  type: Format<T>,
  name: string,
  sensitive = false,
): Setting<T | undefined> {
  return optional(`\`telemetry.otlp.${key}\` for metrics alone.`, type, {
    env: [`OTEL_EXPORTER_OTLP_METRICS_${name}`],
    sensitive,
    defaultText: 'as for records',
  });
}

function shipped(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

const hook = oneOf('auto', 'lsm', 'fentry', 'kprobe', 'tracepoint');

/**
 * Every setting, once: key, meaning, unit, default, format and names in the environment.
 * The names and defaults under OTEL_ are those of the OpenTelemetry specification: "OTLP Exporter", "SDK environment
 * variables".
 */
export const schema = {
  telemetry: {
    exporter: setting(
      'Where records go.',
      oneOf<ExporterKind>('otlp', 'console', 'none'),
      TELEMETRY_DEFAULTS.exporter,
      { env: ['OTEL_LOGS_EXPORTER'] },
    ),
    pretty: setting(
      'Console exporter: one readable line a record in place of one JSON object.',
      flag,
      TELEMETRY_DEFAULTS.pretty,
    ),
    resource: {
      serviceName: optional('`service.name` of the Resource.', text, {
        env: ['OTEL_SERVICE_NAME'],
        defaultText: 'that of the attributes, else `memwarden`',
      }),
      attributes: optional('Further Resource attributes: `key=value,…`, percent-encoded.', keyValueText, {
        env: ['OTEL_RESOURCE_ATTRIBUTES'],
      }),
      nodeName: optional('`k8s.node.name` of the Resource.', text),
      clusterName: optional('`k8s.cluster.name` of the Resource.', text),
    },
    otlp: {
      endpoint: optional('The collector.', endpoint, {
        env: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
        defaultText: '`http://localhost:4317`, with HTTP `http://localhost:4318`',
      }),
      logsEndpoint: optional(
        'The collector, for logs alone; over HTTP the path is taken as it is.',
        endpoint,
        {
          env: ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT'],
        },
      ),
      metricsEndpoint: optional(
        'The collector, for metrics alone; over HTTP the path is taken as it is.',
        endpoint,
        { env: ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] },
      ),
      protocol: setting(
        'Transport.',
        oneOf<OtlpProtocol>('grpc', 'http/protobuf'),
        TELEMETRY_DEFAULTS.otlp.protocol,
        { env: otlpNames('PROTOCOL') },
      ),
      insecure: setting(
        'No TLS for a gRPC endpoint that is written without a scheme; a scheme decides by itself.',
        flag,
        TELEMETRY_DEFAULTS.otlp.insecure,
        { env: otlpNames('INSECURE') },
      ),
      headers: setting(
        'Headers of every request, for example an API key.',
        headers,
        TELEMETRY_DEFAULTS.otlp.headers,
        { env: otlpNames('HEADERS'), sensitive: true },
      ),
      headersPath: optional(
        'File with one `name=value` a line that wins over `headers`; read again when it changes.',
        filePath,
      ),
      compression: setting(
        'Compression of requests.',
        oneOf<OtlpCompression>('none', 'gzip'),
        TELEMETRY_DEFAULTS.otlp.compression,
        { env: otlpNames('COMPRESSION') },
      ),
      timeoutMillis: setting(
        'Longest time one request may take, ms.',
        integer(1, MAX_MILLIS, 'ms'),
        TELEMETRY_DEFAULTS.otlp.timeoutMillis,
        { env: otlpNames('TIMEOUT') },
      ),
      certificatePath: optional('PEM file with the certificates trusted for the collector.', filePath, {
        env: otlpNames('CERTIFICATE'),
      }),
      clientCertificatePath: optional(
        'PEM file with the client certificate chain for mutual TLS.',
        filePath,
        {
          env: otlpNames('CLIENT_CERTIFICATE'),
        },
      ),
      clientKeyPath: optional('PEM file with the private key of the client certificate.', filePath, {
        env: otlpNames('CLIENT_KEY'),
      }),
    },
    metrics: {
      exporter: setting(
        'Where the metrics of the sidecar itself go beside `/metrics`: `otlp` sends them, `none` and `prometheus` do not.',
        oneOf<MetricsExporterKind>('none', 'prometheus', 'otlp'),
        TELEMETRY_DEFAULTS.metrics.exporter,
        { env: ['OTEL_METRICS_EXPORTER'] },
      ),
      intervalMillis: setting(
        'Time between two readings, ms.',
        integer(1, MAX_MILLIS, 'ms'),
        TELEMETRY_DEFAULTS.metrics.intervalMillis,
        { env: ['OTEL_METRIC_EXPORT_INTERVAL'] },
      ),
      protocol: forMetrics('protocol', oneOf<OtlpProtocol>('grpc', 'http/protobuf'), 'PROTOCOL'),
      insecure: forMetrics('insecure', flag, 'INSECURE'),
      headers: forMetrics('headers', headers, 'HEADERS', true),
      compression: forMetrics('compression', oneOf<OtlpCompression>('none', 'gzip'), 'COMPRESSION'),
      timeoutMillis: forMetrics('timeoutMillis', integer(1, MAX_MILLIS, 'ms'), 'TIMEOUT'),
      certificatePath: forMetrics('certificatePath', filePath, 'CERTIFICATE'),
      clientCertificatePath: forMetrics('clientCertificatePath', filePath, 'CLIENT_CERTIFICATE'),
      clientKeyPath: forMetrics('clientKeyPath', filePath, 'CLIENT_KEY'),
    },
    delivery: {
      mode: setting(
        '`durable`: a spool on disk and retries; nothing is lost while the collector is away. `stock`: BatchLogRecordProcessor and OTLPLogExporter of the OpenTelemetry SDK alone, in memory, over gRPC.',
        oneOf<DeliveryMode>('durable', 'stock'),
        TELEMETRY_DEFAULTS.delivery.mode,
      ),
      scheduleDelayMillis: setting(
        'Longest time that a record below high severity waits for more records in its batch, ms.',
        integer(0, MAX_MILLIS, 'ms'),
        TELEMETRY_DEFAULTS.delivery.scheduleDelayMillis,
        { env: ['OTEL_BLRP_SCHEDULE_DELAY'] },
      ),
      maxExportBatchSize: setting(
        'Most records in one request.',
        integer(1, 100_000),
        TELEMETRY_DEFAULTS.delivery.maxExportBatchSize,
        { env: ['OTEL_BLRP_MAX_EXPORT_BATCH_SIZE'] },
      ),
      maxRequestBytes: setting(
        'Largest request before compression, bytes; a collector refuses more than 4 MiB by default.',
        bytes(64 * 1024),
        TELEMETRY_DEFAULTS.delivery.maxRequestBytes,
      ),
      maxInFlight: setting(
        'Requests in flight at once.',
        integer(1, 64),
        TELEMETRY_DEFAULTS.delivery.maxInFlight,
      ),
      maxQueueSize: setting(
        'Most records that wait in memory; only in `stock` mode.',
        integer(1, 1_000_000),
        TELEMETRY_DEFAULTS.delivery.maxQueueSize,
        { env: ['OTEL_BLRP_MAX_QUEUE_SIZE'] },
      ),
      exportTimeoutMillis: setting(
        'Longest time for one export, ms; only in `stock` mode.',
        integer(1, MAX_MILLIS, 'ms'),
        TELEMETRY_DEFAULTS.delivery.exportTimeoutMillis,
        { env: ['OTEL_BLRP_EXPORT_TIMEOUT'] },
      ),
      preserveOrder: setting(
        'Deliver records in the order in which they happened, one request at a time.',
        flag,
        TELEMETRY_DEFAULTS.delivery.preserveOrder,
      ),
      retryInitialMillis: setting(
        'First wait before a retry, ms; it doubles each time, with jitter.',
        duration,
        TELEMETRY_DEFAULTS.delivery.retryInitialMillis,
      ),
      retryMaxMillis: setting(
        'Longest wait before a retry, ms.',
        duration,
        TELEMETRY_DEFAULTS.delivery.retryMaxMillis,
      ),
    },
    spool: {
      directory: setting(
        'Folder for records that the collector has not accepted yet; one sidecar per folder.',
        filePath,
        SPOOL_DEFAULTS.directory,
      ),
      maxBytes: setting(
        'Size above which the oldest records of the lowest severity are dropped, bytes.',
        bytes(1024 * 1024),
        SPOOL_DEFAULTS.maxBytes,
      ),
      maxAgeMillis: setting(
        'Age at which an undelivered record is dropped, ms.',
        duration,
        SPOOL_DEFAULTS.maxAgeMillis,
      ),
      maxRefusedBytes: setting(
        'Most bytes of refused records kept for `memwarden spool inspect`.',
        bytes(0),
        SPOOL_DEFAULTS.maxRefusedBytes,
      ),
    },
  },
  capture: {
    hook: setting(
      'Kind of kernel program; `auto` takes the best that proves alive. With another kind the start fails if file opens cannot use it; other capabilities then fall back to their best.',
      hook,
      'auto',
    ),
    hooks: setting(
      'Kind of kernel program per capability, over `capture.hook`, for example `file_open=fentry`.',
      keyValues,
      {},
    ),
    objectPath: setting(
      'The compiled BPF object.',
      filePath,
      shipped(`bpf/build/memwarden-${process.arch === 'arm64' ? 'arm64' : 'x86'}.bpf.o`),
      {
        defaultText: 'the one of the package for this architecture',
      },
    ),
    btfPath: setting("The kernel's type information.", filePath, '/sys/kernel/btf/vmlinux'),
    pin: setting(
      'Pin programs and maps, so that the kernel goes on recording while no sidecar runs; `memwarden detach` removes them. Only with the otlp exporter.',
      flag,
      true,
    ),
    pinPath: setting(
      'Folder for pinned programs and maps, one per sidecar, on a BPF file system, which is mounted if there is none and its mount point is empty.',
      filePath,
      '/sys/fs/bpf/memwarden',
    ),
    ringBufferBytes: setting(
      'Size of the buffer between the kernel and the sidecar, bytes.',
      bytes(64 * 1024, { powerOfTwo: true }),
      8 * 1024 * 1024,
    ),
  },
  detect: {
    events: setting(
      'Events to report, by name, id (`TRC-1023`) or set (`default`, `signatures`, `base`).',
      eventSelection,
      ['default'],
    ),
    fileOpen: {
      prefixes: setting(
        '`security_file_open`: report these files and all below these directories; they must exist at the start.',
        list,
        [],
      ),
      suffixes: setting(
        '`security_file_open`: report files whose name ends with one of these, at most 16 bytes each.',
        list,
        [],
      ),
      names: setting(
        '`security_file_open`: report files of exactly these names, at most 63 bytes each.',
        list,
        [],
      ),
      allowUnfiltered: setting(
        '`security_file_open`: report every open of every file, which can be a million a second.',
        flag,
        false,
      ),
    },
    exceptionsPath: optional('YAML file with the rules for what is known to be good.', filePath),
    stormWindowMillis: setting(
      'Time in which identical events are counted instead of reported one by one, ms; 0 reports each.',
      duration,
      10_000,
    ),
  },
  enrich: {
    redact: setting(
      'Replace arguments that look like secrets before a record leaves the machine.',
      flag,
      true,
    ),
    procfsPath: setting('Where the procfs of the initial pid namespace is mounted.', filePath, '/proc'),
  },
  health: {
    enabled: setting('Serve `/healthz`, `/readyz` and `/metrics`.', flag, true),
    listenAddress: setting('Address to listen on.', text, '127.0.0.1'),
    listenPort: setting('TCP port to listen on; 0 takes a free one.', integer(0, 65_535), 9464),
  },
  diagnostics: {
    level: setting(
      'What the sidecar says about itself on stderr.',
      oneOf('none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'),
      'info',
      { env: ['OTEL_LOG_LEVEL'] },
    ),
  },
} as const;

/** All settings with their values. */
export type Settings = ValuesOf<typeof schema>;

/** Every setting by its dotted key. */
export const settings = flatten(schema);

/** The names in each group, by its dotted key; `` is the top. */
export const groups = groupsOf(schema);
