import type { DeliveryMode } from '../telemetry/options.ts';
import { environmentNames, isServiceLink } from './environment-source.ts';
import { suggestion } from './suggestion.ts';

const NO_TRACES = 'memwarden makes no traces';
const NO_LIMIT = 'a record is sent whole; the kernel bounds each of its texts';
const NO_PROPAGATION = 'memwarden takes part in no trace whose context could be passed on';
const NO_FILE = 'settings come from the file that --config or MEMWARDEN_CONFIG names';
const NO_EXEMPLARS = 'the metrics of memwarden have no exemplars, which name traces';

/** The OTLP exporter's options that each signal has a variable for (specification, "OpenTelemetry Protocol Exporter"). */
const OTLP_OPTIONS = [
  'ENDPOINT',
  'INSECURE',
  'CERTIFICATE',
  'CLIENT_KEY',
  'CLIENT_CERTIFICATE',
  'HEADERS',
  'COMPRESSION',
  'TIMEOUT',
  'PROTOCOL',
] as const;

function otlpOptionsOf(signal: string, reason: string): Record<string, string> {
  return Object.fromEntries(OTLP_OPTIONS.map(option => [`OTEL_EXPORTER_OTLP_${signal}_${option}`, reason]));
}

/**
 * Variables of OpenTelemetry that have no effect here, and why: those of the specification's pages "Environment Variable
 * Specification", "OpenTelemetry Protocol Exporter" and "Entity Propagation", of the semantic conventions, and of the SDK
 * for Node.js. The others are settings (schema.ts).
 */
export const UNUSED_VARIABLES: Readonly<Record<string, string>> = {
  // may be set for every program of a pod: that must not switch a security sensor off
  OTEL_SDK_DISABLED: 'memwarden goes on watching; stop it, or set OTEL_LOGS_EXPORTER=none',
  OTEL_ENTITIES: 'OTEL_RESOURCE_ATTRIBUTES adds to the Resource',
  OTEL_CONFIG_FILE: NO_FILE,
  OTEL_EXPERIMENTAL_CONFIG_FILE: NO_FILE,
  OTEL_PROPAGATORS: NO_PROPAGATION,
  OTEL_EXPERIMENTAL_RESPONSE_PROPAGATORS: NO_PROPAGATION,
  OTEL_TRACES_EXPORTER: NO_TRACES,
  OTEL_TRACES_SAMPLER: NO_TRACES,
  OTEL_TRACES_SAMPLER_ARG: NO_TRACES,
  OTEL_BSP_SCHEDULE_DELAY: NO_TRACES,
  OTEL_BSP_EXPORT_TIMEOUT: NO_TRACES,
  OTEL_BSP_MAX_QUEUE_SIZE: NO_TRACES,
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: NO_TRACES,
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: NO_TRACES,
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: NO_TRACES,
  OTEL_SPAN_EVENT_COUNT_LIMIT: NO_TRACES,
  OTEL_SPAN_LINK_COUNT_LIMIT: NO_TRACES,
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: NO_TRACES,
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: NO_TRACES,
  ...otlpOptionsOf('TRACES', NO_TRACES),
  OTEL_EXPORTER_OTLP_SPAN_INSECURE: NO_TRACES,
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: NO_TRACES,
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: NO_TRACES,
  OTEL_EXPORTER_ZIPKIN_PROTOCOL: NO_TRACES,
  OTEL_EXPORTER_JAEGER_PROTOCOL: NO_TRACES,
  OTEL_EXPORTER_JAEGER_ENDPOINT: NO_TRACES,
  OTEL_EXPORTER_JAEGER_TIMEOUT: NO_TRACES,
  OTEL_EXPORTER_JAEGER_USER: NO_TRACES,
  OTEL_EXPORTER_JAEGER_PASSWORD: NO_TRACES,
  OTEL_EXPORTER_JAEGER_AGENT_HOST: NO_TRACES,
  OTEL_EXPORTER_JAEGER_AGENT_PORT: NO_TRACES,
  ...otlpOptionsOf('PROFILES', 'memwarden makes no profiles'),
  OTEL_PROFILES_EXPORTER: 'memwarden makes no profiles',
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: NO_LIMIT,
  OTEL_ATTRIBUTE_COUNT_LIMIT: NO_LIMIT,
  OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: NO_LIMIT,
  OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: NO_LIMIT,
  OTEL_METRIC_EXPORT_TIMEOUT: 'telemetry.metrics.timeoutMillis limits each request',
  OTEL_METRICS_EXEMPLAR_FILTER: NO_EXEMPLARS,
  OTEL_METRICS_EXEMPLAR_RESERVOIR: NO_EXEMPLARS,
  OTEL_EXPORTER_OTLP_METRIC_INSECURE: 'its name is OTEL_EXPORTER_OTLP_METRICS_INSECURE now',
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'metrics are sent as sums since the start (cumulative)',
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'memwarden has no histograms',
  OTEL_EXPORTER_PROMETHEUS_HOST: '/metrics is served at health.listenAddress',
  OTEL_EXPORTER_PROMETHEUS_PORT: '/metrics is served at health.listenPort',
  OTEL_SEMCONV_STABILITY_OPT_IN: 'records have the names in docs/events.md alone',
  OTEL_NODE_RESOURCE_DETECTORS:
    'the Resource has the attributes in docs/events.md, and those of OTEL_RESOURCE_ATTRIBUTES',
  OTEL_NODE_EXPERIMENTAL_SDK_METRICS: 'memwarden has metrics of its own',
};

/** Settings that only `telemetry.delivery.mode: stock` uses. */
const UNUSED_IN_DURABLE_MODE: Readonly<Record<string, string>> = {
  OTEL_BLRP_MAX_QUEUE_SIZE: 'the queue is the spool, and telemetry.spool.maxBytes is its size',
  OTEL_BLRP_EXPORT_TIMEOUT:
    'a record is kept until the collector answers; telemetry.otlp.timeoutMillis limits each attempt',
};

/** `OTEL_{LANGUAGE}_{FEATURE}`, the specification's form for variables of one SDK. */
const OTHER_LANGUAGES =
  /^OTEL_(CPP|DOTNET|ERLANG|GO|JAVA|JAVAAGENT|JAVASCRIPT|JS|KOTLIN|NODE|PHP|PYTHON|RUBY|RUST|SWIFT|INSTRUMENTATION)_/;

/** One sentence for each variable of OpenTelemetry that is set and has no effect. */
export function unusedVariables(env: NodeJS.ProcessEnv, mode: DeliveryMode): string[] {
  const unused = mode === 'durable' ? { ...UNUSED_VARIABLES, ...UNUSED_IN_DURABLE_MODE } : UNUSED_VARIABLES;
  const used = environmentNames().filter(name => unused[name] === undefined);
  const known = new Set(used);
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith('OTEL_') && value !== '' && !known.has(name))
    .filter(([name]) => unused[name] !== undefined || !isServiceLink(name))
    .filter(([name, value]) => name !== 'OTEL_SDK_DISABLED' || value?.toLowerCase() !== 'false')
    .map(([name]) => `${name} has no effect: ${unused[name] ?? unknown(name, used)}`);
}

function unknown(name: string, used: readonly string[]): string {
  if (OTHER_LANGUAGES.test(name)) return 'it is for an SDK that memwarden does not have';
  const near = suggestion(name, [...used, ...Object.keys(UNUSED_VARIABLES)]);
  if (near === undefined) return 'there is no such variable here';
  const reason = UNUSED_VARIABLES[near];
  const neither = reason === undefined ? '' : ` It has none either: ${reason}`;
  return `there is no such variable here; did you mean ${near}?${neither}`;
}
