import type { Attributes, AttributeValue } from '@opentelemetry/api';

/** Receives the attributes of a record one by one, each name at most once. */
export interface AttributeSink {
  /** With the value undefined the attribute is absent. */
  set(name: string, value: AttributeValue | undefined): void;
}

/** Collects attributes in the form of the SDK. */
export function collect(describe: (to: AttributeSink) => void): Attributes {
  const attributes: Attributes = {};
  describe({
    set: (name, value) => {
      if (value !== undefined) attributes[name] = value;
    },
  });
  return attributes;
}
