import type { Attributes, AttributeValue } from '@opentelemetry/api';

/** Takes the attributes of a record one by one, each name once. */
export interface AttributeSink {
  /** An attribute whose value is not known is absent. */
  set(name: string, value: AttributeValue | undefined): void;
}

/** Attributes as the SDK has them. */
export function collect(describe: (to: AttributeSink) => void): Attributes {
  const attributes: Attributes = {};
  describe({
    set: (name, value) => {
      if (value !== undefined) attributes[name] = value;
    },
  });
  return attributes;
}
