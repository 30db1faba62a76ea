import type { Attributes, AttributeValue } from '@opentelemetry/api';

/** Takes the attributes of a record one by one, each name once. */
export interface AttributeSink {
  /** An attribute whose value is not known is absent. */
  set(name: string, value: AttributeValue | undefined): void;
}

/** Keeps them as the SDK has them. */
export class CollectedAttributes implements AttributeSink {
  readonly attributes: Attributes = {};

  set(name: string, value: AttributeValue | undefined): void {
    if (value !== undefined) this.attributes[name] = value;
  }
}
