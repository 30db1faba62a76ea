/** Variables of the OpenTelemetry specification that a user may expect to work, and why they do not. */
export const UNUSED_VARIABLES: Readonly<Record<string, string>> = {
  OTEL_BLRP_MAX_QUEUE_SIZE: 'the queue is the spool, and telemetry.spool.maxBytes is its size',
  OTEL_BLRP_EXPORT_TIMEOUT:
    'a record is kept until the collector answers; telemetry.otlp.timeoutMillis limits each attempt',
  OTEL_METRIC_EXPORT_TIMEOUT: 'telemetry.metrics.timeoutMillis limits each request',
};

/** One sentence for each variable that is set in vain. */
export function unusedVariables(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(UNUSED_VARIABLES)
    .filter(([name]) => env[name] !== undefined && env[name] !== '')
    .map(([name, reason]) => `${name} has no effect: ${reason}`);
}
