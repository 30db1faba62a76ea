import type { AnyValue } from './otlp-json.ts';

/** A string attribute as OTLP/JSON has it. */
export function text(value: string): AnyValue {
  return { stringValue: value };
}

/** A whole number: an int64, which OTLP/JSON writes as a string. */
export function int(value: number): AnyValue {
  return { intValue: String(value) };
}

export function bool(value: boolean): AnyValue {
  return { boolValue: value };
}

export function texts(values: readonly string[]): AnyValue {
  return { arrayValue: { values: values.map(text) } };
}
