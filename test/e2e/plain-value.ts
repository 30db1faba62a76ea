import type { AnyValue } from './otlp-json.ts';

type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain };

/**
 * A value without its wire types, for comparisons of the content alone.
 *
 * @throws Error for bytes and for an empty value, which our records never have.
 */
export function plainValue(value: AnyValue): Plain {
  const { stringValue, intValue, doubleValue, boolValue, arrayValue, kvlistValue } = value;
  if (intValue !== undefined) return Number(intValue);
  if (arrayValue !== undefined) return (arrayValue.values ?? []).map(plainValue);
  if (kvlistValue !== undefined) {
    return Object.fromEntries(kvlistValue.values.map(({ key, value: inner }) => [key, plainValue(inner)]));
  }
  const scalar = stringValue ?? doubleValue ?? boolValue;
  if (scalar === undefined) throw new Error(`not a value: ${JSON.stringify(value)}`);
  return scalar;
}

/** All of a map's values, plain. */
export function plainObject(values: ReadonlyMap<string, AnyValue>): { readonly [key: string]: Plain } {
  return Object.fromEntries([...values].map(([key, value]) => [key, plainValue(value)]));
}
