import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { MEMWARDEN, OTEL } from '../../../../src/telemetry/record/attributes.ts';

test('every OpenTelemetry name is one of the conventions', () => {
  const known = new Set<unknown>(Object.values(conventions));
  for (const name of Object.values(OTEL)) assert.ok(known.has(name), name);
});

test('every name of our own is in our namespace, and unique', () => {
  const names = Object.values(MEMWARDEN);
  for (const name of names) assert.match(name, /^memwarden\./);
  assert.equal(new Set(names).size, names.length);
});

test('no name is also the namespace of another, which backends that nest names cannot store', () => {
  const names: string[] = [...Object.values(OTEL), ...Object.values(MEMWARDEN)];
  for (const name of names) {
    assert.equal(
      names.find(other => other.startsWith(`${name}.`)),
      undefined,
      name,
    );
  }
});
