import type { Problem } from './problem.ts';
import type { Settings } from './schema.ts';

/** Settings that are each valid, but not together. */
interface Combination {
  /** The setting to name in the message. */
  readonly key: string;
  readonly wrong: (settings: Settings) => boolean;
  readonly message: string;
}

const RAW_OPENS = new Set(['security_file_open', 'base']);

function selectsRawOpens({ detect }: Settings): boolean {
  return detect.events.some(event => RAW_OPENS.has(event));
}

function filtersRawOpens({ detect: { fileOpen } }: Settings): boolean {
  return [fileOpen.prefixes, fileOpen.suffixes, fileOpen.names].some(entries => entries.length > 0);
}

function isPlaintext({ telemetry: { otlp } }: Settings): boolean {
  const endpoint = otlp.logsEndpoint ?? otlp.endpoint ?? '';
  return endpoint.startsWith('http://') || (!endpoint.includes('://') && otlp.insecure);
}

const COMBINATIONS: readonly Combination[] = [
  {
    key: 'detect.events',
    wrong: settings =>
      selectsRawOpens(settings) && !filtersRawOpens(settings) && !settings.detect.fileOpen.allowUnfiltered,
    message:
      'security_file_open without a filter can be a million events a second; set detect.fileOpen.prefixes, .suffixes or .names, or pass --allow-unfiltered',
  },
  {
    key: 'detect.fileOpen',
    wrong: settings => filtersRawOpens(settings) && !selectsRawOpens(settings),
    message: 'has no effect, because security_file_open is not selected; add it to detect.events',
  },
  {
    key: 'telemetry.otlp.clientKeyPath',
    wrong: ({ telemetry: { otlp } }) =>
      (otlp.clientKeyPath === undefined) !== (otlp.clientCertificatePath === undefined),
    message: 'mutual TLS needs both clientCertificatePath and clientKeyPath',
  },
  {
    key: 'telemetry.otlp.certificatePath',
    wrong: settings =>
      isPlaintext(settings) &&
      (settings.telemetry.otlp.certificatePath ?? settings.telemetry.otlp.clientKeyPath) !== undefined,
    message: 'certificates are given, but the endpoint is not encrypted; write it with https://',
  },
  {
    key: 'telemetry.pretty',
    wrong: ({ telemetry }) => telemetry.pretty && telemetry.exporter !== 'console',
    message: 'needs telemetry.exporter: console (OTEL_LOGS_EXPORTER=console)',
  },
  {
    key: 'telemetry.delivery.mode',
    wrong: ({ telemetry: { delivery, otlp, exporter } }) =>
      delivery.mode === 'stock' && exporter === 'otlp' && otlp.protocol !== 'grpc',
    message: 'stock delivers over gRPC alone; use durable, or telemetry.otlp.protocol: grpc',
  },
  {
    key: 'telemetry.delivery.maxQueueSize',
    wrong: ({ telemetry: { delivery } }) =>
      delivery.mode === 'stock' && delivery.maxQueueSize < delivery.maxExportBatchSize,
    message: 'is smaller than telemetry.delivery.maxExportBatchSize',
  },
  {
    key: 'telemetry.delivery.retryMaxMillis',
    wrong: ({ telemetry: { delivery } }) => delivery.retryMaxMillis < delivery.retryInitialMillis,
    message: 'is shorter than telemetry.delivery.retryInitialMillis',
  },
];

/** @param origins where each setting that is not at its default was assigned, by key */
export function impossibleCombinations(
  settings: Settings,
  origins: ReadonlyMap<string, string>,
): readonly Problem[] {
  return COMBINATIONS.filter(({ wrong }) => wrong(settings)).map(({ key, message }) => ({
    key,
    origin: origins.get(key) ?? 'in combination',
    message,
  }));
}
