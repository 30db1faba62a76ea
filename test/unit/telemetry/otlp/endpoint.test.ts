import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OtlpOptions, TELEMETRY_DEFAULTS } from '../../../../src/telemetry/options.ts';
import { grpcEndpoint, httpEndpoint } from '../../../../src/telemetry/otlp/endpoint.ts';
import { LOGS, METRICS } from '../../../../src/telemetry/otlp/signal.ts';

function optionsWith(fields: Partial<OtlpOptions>): OtlpOptions {
  return { ...TELEMETRY_DEFAULTS.otlp, ...fields };
}

test('a scheme decides on TLS for gRPC; without one the setting does', () => {
  const grpc = (endpoint: string, insecure = false) =>
    grpcEndpoint(optionsWith({ endpoint, insecure }), LOGS);
  assert.deepEqual(grpc('http://collector:4317'), { target: 'collector:4317', tls: false });
  assert.deepEqual(grpc('https://collector:4317', true), { target: 'collector:4317', tls: true });
  assert.deepEqual(grpc('collector:4317'), { target: 'collector:4317', tls: true });
  assert.deepEqual(grpc('collector:4317', true), { target: 'collector:4317', tls: false });
  assert.deepEqual(grpc('unix:/run/collector.sock'), { target: 'unix:/run/collector.sock', tls: false });
  assert.deepEqual(grpc('https://collector'), { target: 'collector:443', tls: true });
  assert.throws(() => grpc('http://collector:4317/v1/logs'), { code: 'CONFIG_INVALID' });
  assert.throws(() => grpc('ftp://collector'), { code: 'CONFIG_INVALID' });
});

test('over HTTP the path of the signal is appended to the endpoint for all signals, and to no other', () => {
  const endpoint = 'http://collector:4318/otlp';
  const logsEndpoint = 'http://other:4318/in';
  assert.equal(httpEndpoint(optionsWith({ endpoint }), LOGS).href, `${endpoint}/v1/logs`);
  assert.equal(
    httpEndpoint(optionsWith({ endpoint: `${endpoint}/` }), METRICS).href,
    `${endpoint}/v1/metrics`,
  );
  assert.equal(httpEndpoint(optionsWith({ endpoint, logsEndpoint }), LOGS).href, logsEndpoint);
  assert.equal(httpEndpoint(optionsWith({ endpoint, logsEndpoint }), METRICS).href, `${endpoint}/v1/metrics`);
  assert.equal(httpEndpoint(optionsWith({}), METRICS).href, 'http://localhost:4318/v1/metrics');
});
