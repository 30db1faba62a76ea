import type { Attributes, AttributeValue, HrTime } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { BackwardWriter } from './backward-writer.ts';

const VARINT = 0;
const FIXED64 = 1;
/** `attributes` of LogRecord. */
const RECORD_ATTRIBUTES = 6;
const NS_PER_SECOND = 1_000_000_000n;

/** What a record holds beside its attributes. */
export interface RecordHead {
  readonly eventName: ReadableLogRecord['eventName'];
  readonly severityNumber: ReadableLogRecord['severityNumber'];
  readonly severityText: ReadableLogRecord['severityText'];
  readonly body: ReadableLogRecord['body'];
  readonly timeUnixNs: bigint;
  readonly observedTimeUnixNs: bigint;
  readonly droppedAttributesCount: number;
}

/**
 * Encodes records as OTLP protocol buffers (opentelemetry/proto/logs/v1/logs.proto, common.proto, resource.proto),
 * one at a time, as they are emitted: a record that cannot be encoded is a loss of one, not of its batch, and the
 * spool and every resend use the bytes as they are. The SDK's own serializer works on whole batches of live objects;
 * it is the reference that the tests compare this one with, byte by byte. Trace ids are left out: detections happen
 * outside of any trace.
 */
export class LogEncoder {
  readonly #writer = new BackwardWriter();

  /**
   * A record as a `log_records` field of ScopeLogs. Valid until the next call.
   *
   * @throws TypeError for an attribute or body value that OTLP has no type for.
   */
  encodeRecord(record: ReadableLogRecord): Uint8Array {
    const { eventName, severityNumber, severityText, body, droppedAttributesCount } = record;
    const timeUnixNs = toUnixNs(record.hrTime);
    const observedTimeUnixNs = toUnixNs(record.hrTimeObserved);
    return this.encode(
      {
        eventName,
        timeUnixNs,
        observedTimeUnixNs,
        severityNumber,
        severityText,
        body,
        droppedAttributesCount,
      },
      [record.attributes],
    );
  }

  /**
   * The same of a record whose attributes come in parts, some of them encoded already (`encodeAttributes`).
   *
   * @throws TypeError for an attribute or body value that OTLP has no type for.
   */
  encode(head: RecordHead, parts: readonly (Attributes | Uint8Array)[]): Uint8Array {
    const writer = this.#writer;
    writer.reset();
    if (head.eventName) {
      writer.string(head.eventName);
      writer.tag(12, 2);
    }
    writer.fixed64(head.observedTimeUnixNs);
    writer.tag(11, FIXED64);
    writer.varint(head.droppedAttributesCount);
    writer.tag(7, VARINT);
    for (let i = parts.length - 1; i >= 0; i--) {
      const part = parts[i];
      if (part instanceof Uint8Array) writer.raw(part);
      else if (part !== undefined) this.#attributes(part, RECORD_ATTRIBUTES);
    }
    if (head.body !== undefined) {
      const mark = writer.length;
      this.#value(head.body);
      writer.close(5, mark);
    }
    if (head.severityText) {
      writer.string(head.severityText);
      writer.tag(3, 2);
    }
    if (head.severityNumber) {
      writer.varint(head.severityNumber);
      writer.tag(2, VARINT);
    }
    writer.fixed64(head.timeUnixNs);
    writer.tag(1, FIXED64);
    writer.close(2, 0);
    return writer.bytes();
  }

  /** Attributes of a record, to be a part of any number of records. */
  encodeAttributes(attributes: Attributes): Uint8Array {
    this.#writer.reset();
    this.#attributes(attributes, RECORD_ATTRIBUTES);
    return new Uint8Array(this.#writer.bytes());
  }

  /** A Resource as the `resource` field of ResourceLogs. */
  encodeResource({ attributes }: Resource): Uint8Array {
    const writer = this.#writer;
    writer.reset();
    writer.varint(0);
    writer.tag(2, VARINT);
    this.#attributes(attributes, 1);
    writer.close(1, 0);
    return new Uint8Array(writer.bytes());
  }

  /** A scope as the `scope` field of ScopeLogs. */
  encodeScope({ name, version }: InstrumentationScope): Uint8Array {
    const writer = this.#writer;
    writer.reset();
    if (version) {
      writer.string(version);
      writer.tag(2, 2);
    }
    writer.string(name);
    writer.tag(1, 2);
    writer.close(1, 0);
    return new Uint8Array(writer.bytes());
  }

  #attributes(attributes: Attributes, field: number): void {
    const keys = Object.keys(attributes);
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i];
      if (key === undefined) continue;
      const mark = this.#writer.length;
      this.#value(attributes[key]);
      this.#writer.close(2, mark);
      this.#writer.string(key);
      this.#writer.tag(1, 2);
      this.#writer.close(field, mark);
    }
  }

  #value(value: unknown): void {
    const writer = this.#writer;
    if (typeof value === 'string') {
      writer.string(value);
      writer.tag(1, 2);
    } else if (typeof value === 'boolean') {
      writer.varint(value ? 1 : 0);
      writer.tag(2, VARINT);
    } else if (Number.isInteger(value)) {
      writer.varint(Number(value));
      writer.tag(3, VARINT);
    } else if (typeof value === 'number') {
      writer.double(value);
      writer.tag(4, FIXED64);
    } else if (Array.isArray(value)) {
      this.#array(value);
    } else {
      throw new TypeError(`failed to encode a value: OTLP logs here carry no ${typeof value}`);
    }
  }

  #array(values: readonly AttributeValue[]): void {
    const outer = this.#writer.length;
    for (let i = values.length - 1; i >= 0; i--) {
      const mark = this.#writer.length;
      this.#value(values[i]);
      this.#writer.close(1, mark);
    }
    this.#writer.close(5, outer);
  }
}

function toUnixNs([seconds, nanos]: HrTime): bigint {
  return BigInt(seconds) * NS_PER_SECOND + BigInt(nanos);
}
