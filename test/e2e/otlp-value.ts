import type { AnyValue } from './otlp-json.ts';

/** A string attribute in OTLP/JSON. */
export function text(value: string): AnyValue {
  return { stringValue: value };
}

/** An integer: an int64, which OTLP/JSON writes as a string. */
export function int(value: number): AnyValue {
  return { intValue: String(value) };
}

export function bool(value: boolean): AnyValue {
  return { boolValue: value };
}

export function texts(values: readonly string[]): AnyValue {
  return { arrayValue: { values: values.map(text) } };
}
