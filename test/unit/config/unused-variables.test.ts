import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settings } from '../../../src/config/index.ts';
import { UNUSED_VARIABLES, unusedVariables } from '../../../src/config/unused-variables.ts';

/** Every name in the specification, so that none is forgotten when the table changes. */
const SPECIFIED = `
  SDK_DISABLED ENTITIES RESOURCE_ATTRIBUTES SERVICE_NAME LOG_LEVEL PROPAGATORS TRACES_SAMPLER TRACES_SAMPLER_ARG
  BSP_SCHEDULE_DELAY BSP_EXPORT_TIMEOUT BSP_MAX_QUEUE_SIZE BSP_MAX_EXPORT_BATCH_SIZE
  BLRP_SCHEDULE_DELAY BLRP_EXPORT_TIMEOUT BLRP_MAX_QUEUE_SIZE BLRP_MAX_EXPORT_BATCH_SIZE
  ATTRIBUTE_VALUE_LENGTH_LIMIT ATTRIBUTE_COUNT_LIMIT SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT SPAN_ATTRIBUTE_COUNT_LIMIT
  SPAN_EVENT_COUNT_LIMIT SPAN_LINK_COUNT_LIMIT EVENT_ATTRIBUTE_COUNT_LIMIT LINK_ATTRIBUTE_COUNT_LIMIT
  LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT LOGRECORD_ATTRIBUTE_COUNT_LIMIT
  EXPORTER_ZIPKIN_ENDPOINT EXPORTER_ZIPKIN_TIMEOUT EXPORTER_ZIPKIN_PROTOCOL
  EXPORTER_PROMETHEUS_HOST EXPORTER_PROMETHEUS_PORT TRACES_EXPORTER METRICS_EXPORTER LOGS_EXPORTER
  METRICS_EXEMPLAR_FILTER METRIC_EXPORT_INTERVAL METRIC_EXPORT_TIMEOUT CONFIG_FILE EXPERIMENTAL_CONFIG_FILE
  EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION
  EXPORTER_OTLP_SPAN_INSECURE EXPORTER_OTLP_METRIC_INSECURE SEMCONV_STABILITY_OPT_IN
`
  .split(/\s+/)
  .filter(name => name !== '')
  .concat(
    ['', 'TRACES_', 'METRICS_', 'LOGS_'].flatMap(signal =>
      [
        'ENDPOINT',
        'INSECURE',
        'CERTIFICATE',
        'CLIENT_KEY',
        'CLIENT_CERTIFICATE',
        'HEADERS',
        'COMPRESSION',
        'TIMEOUT',
        'PROTOCOL',
      ].map(option => `EXPORTER_OTLP_${signal}${option}`),
    ),
  )
  .map(name => `OTEL_${name}`);

const HONOURED = new Set([...settings.values()].flatMap(({ env }) => env));

test('every variable of the specification is honoured or named, and never both', () => {
  assert.ok(SPECIFIED.length > 75, `${SPECIFIED.length}`);
  for (const name of SPECIFIED) {
    const sentences = unusedVariables({ [name]: 'x' }, 'stock');
    assert.equal(sentences.length, HONOURED.has(name) ? 0 : 1, name);
    if (!HONOURED.has(name)) {
      assert.match(sentences[0] ?? '', new RegExp(`^${name} has no effect: `));
      assert.ok(UNUSED_VARIABLES[name] !== undefined, `${name} has a reason of its own`);
    }
    // an empty variable counts as not set
    assert.deepEqual(unusedVariables({ [name]: '' }, 'durable'), []);
  }
});

test('a variable without effect is reported with the setting to use instead', () => {
  const [sentence, ...more] = unusedVariables(
    {
      OTEL_BLRP_MAX_QUEUE_SIZE: '2048',
      OTEL_BLRP_EXPORT_TIMEOUT: '',
    },
    'durable',
  );
  assert.match(sentence ?? '', /^OTEL_BLRP_MAX_QUEUE_SIZE has no effect: .*telemetry\.spool\.maxBytes/);
  assert.deepEqual(more, []);
});

test('variables of the SDK alone are used in stock mode', () => {
  const env = { OTEL_BLRP_MAX_QUEUE_SIZE: '2048', OTEL_BLRP_EXPORT_TIMEOUT: '1' };
  assert.equal(unusedVariables(env, 'durable').length, 2);
  assert.deepEqual(unusedVariables(env, 'stock'), []);
});

test('a setting that a reason names exists, and no variable of a setting is named as unused', () => {
  for (const [name, reason] of Object.entries(UNUSED_VARIABLES)) {
    assert.ok(!HONOURED.has(name), name);
    for (const [key] of reason.matchAll(/\b(telemetry|health)(\.\w+)+/g))
      assert.ok(settings.has(key), `${key} is no setting`);
    for (const [variable] of reason.matchAll(/\bOTEL_\w+/g)) assert.ok(HONOURED.has(variable), variable);
  }
});

test('a sensor is not switched off by a variable for all programs, but says that it was set', () => {
  for (const value of ['true', 'TRUE', '1'])
    assert.match(
      unusedVariables({ OTEL_SDK_DISABLED: value }, 'durable')[0] ?? '',
      /goes on watching/,
      value,
    );
  for (const value of ['', 'false', 'False'])
    assert.deepEqual(unusedVariables({ OTEL_SDK_DISABLED: value }, 'durable'), []);
});

test('an unknown name is reported with a suggestion', () => {
  assert.deepEqual(unusedVariables({ OTEL_EXPORTER_OTLP_ENDPONT: 'http://c' }, 'durable'), [
    'OTEL_EXPORTER_OTLP_ENDPONT has no effect: there is no such variable here; did you mean OTEL_EXPORTER_OTLP_ENDPOINT?',
  ]);
  assert.match(
    unusedVariables({ OTEL_PYTHON_LOG_CORRELATION: 'true' }, 'durable')[0] ?? '',
    /an SDK that memwarden does not have/,
  );
  assert.match(
    unusedVariables({ OTEL_ENTITES: 'x' }, 'durable')[0] ?? '',
    /did you mean OTEL_ENTITIES\? It has none either: OTEL_RESOURCE_ATTRIBUTES/,
  );
  assert.match(
    unusedVariables({ OTEL_QUITE_ANOTHER_THING: 'x' }, 'durable')[0] ?? '',
    /no such variable here$/,
  );
});

test('the variables that Kubernetes makes for a Service called otel-collector are not reported', () => {
  const links = {
    OTEL_COLLECTOR_SERVICE_HOST: '10.0.0.1',
    OTEL_COLLECTOR_SERVICE_PORT_OTLP: '4317',
    OTEL_COLLECTOR_PORT: 'tcp://10.0.0.1:4317',
    OTEL_COLLECTOR_PORT_4317_TCP_ADDR: '10.0.0.1',
  };
  assert.deepEqual(unusedVariables(links, 'durable'), []);
  assert.equal(unusedVariables({ OTEL_EXPORTER_PROMETHEUS_PORT: '9464' }, 'durable').length, 1);
});
