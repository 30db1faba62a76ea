import type { Attributes, HrTime } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { AttributeSink } from '../record/attribute-sink.ts';
import { AttributeWriter, writeAnyValue } from './attribute-writer.ts';
import { MessageWriter, utf8Size } from './message-writer.ts';

/**
 * Encodes OTLP logs (opentelemetry/proto/logs/v1/logs.proto, common.proto, resource.proto) record by record, when they are
 * emitted. So a record that cannot be encoded does not take its batch with it, and the spool and every retry use the same
 * bytes. The SDK's serializer encodes whole batches of live objects; the tests compare the bytes with it. Trace ids are
 * left out: detections happen outside of any trace.
 */

const NS_PER_SECOND = 1_000_000_000n;
/** Initial buffer for resources, scopes and parts of records, bytes. */
const PART_BYTES = 1_024;

/** `log_records` of ScopeLogs, `resource` of ResourceLogs, `scope` of ScopeLogs. */
const LOG_RECORDS = 2;
const RESOURCE = 1;
const SCOPE = 1;

/** `attributes` and `dropped_attributes_count` of Resource. */
const RESOURCE_ATTRIBUTES = 1;
const RESOURCE_DROPPED = 2;

/** Of InstrumentationScope. */
const SCOPE_NAME = 1;
const SCOPE_VERSION = 2;

/** Of LogRecord. */
const TIME = 1;
const SEVERITY_NUMBER = 2;
const SEVERITY_TEXT = 3;
const BODY = 5;
const ATTRIBUTES = 6;
const DROPPED_ATTRIBUTES = 7;
const OBSERVED_TIME = 11;
const EVENT_NAME = 12;

/** The fields of a record without its attributes. */
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
 * Writes a record as a `log_records` field of ScopeLogs.
 *
 * @throws TypeError for an attribute or body value that OTLP has no type for; the caller must truncate what was written.
 */
export function writeLogRecord(to: MessageWriter, record: ReadableLogRecord): void {
  const { eventName, severityNumber, severityText, body, droppedAttributesCount } = record;
  const timeUnixNs = toUnixNs(record.hrTime);
  const observedTimeUnixNs = toUnixNs(record.hrTimeObserved);
  const head = { eventName, severityNumber, severityText, body, droppedAttributesCount };
  writeRecord(to, { ...head, timeUnixNs, observedTimeUnixNs }, attributes =>
    setAll(attributes, record.attributes),
  );
}

/**
 * The same for a record whose attributes `describe` sets one by one.
 *
 * @throws TypeError as writeLogRecord
 */
export function writeRecord(
  to: MessageWriter,
  head: RecordHead,
  describe: (attributes: AttributeWriter) => void,
): void {
  const start = to.open(LOG_RECORDS);
  to.fixed64(TIME, head.timeUnixNs);
  if (head.severityNumber) to.number(SEVERITY_NUMBER, head.severityNumber);
  writeText(to, SEVERITY_TEXT, head.severityText);
  if (head.body !== undefined) writeAnyValue(to, BODY, head.body);
  describe(new AttributeWriter(to, ATTRIBUTES));
  to.number(DROPPED_ATTRIBUTES, head.droppedAttributesCount);
  to.fixed64(OBSERVED_TIME, head.observedTimeUnixNs);
  writeText(to, EVENT_NAME, head.eventName);
  to.close(start);
}

/** Encodes attributes that any number of records can share. */
export function encodeRecordAttributes(describe: (attributes: AttributeSink) => void): Uint8Array {
  return encode(to => describe(new AttributeWriter(to, ATTRIBUTES)));
}

/** Encodes a Resource as the `resource` field of ResourceLogs. */
export function encodeResource({ attributes }: Resource): Uint8Array {
  return encode(to => {
    const start = to.open(RESOURCE);
    setAll(new AttributeWriter(to, RESOURCE_ATTRIBUTES), attributes);
    to.number(RESOURCE_DROPPED, 0);
    to.close(start);
  });
}

/** Encodes a scope as the `scope` field of ScopeLogs. */
export function encodeScope({ name, version }: InstrumentationScope): Uint8Array {
  return encode(to => {
    const start = to.open(SCOPE);
    to.string(SCOPE_NAME, name, utf8Size(name));
    writeText(to, SCOPE_VERSION, version);
    to.close(start);
  });
}

function encode(write: (to: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter(PART_BYTES);
  write(writer);
  // a copy, so that a cached part does not keep the writer's larger buffer in memory
  return new Uint8Array(writer.bytes());
}

function writeText(to: MessageWriter, field: number, text: string | undefined): void {
  if (text) to.string(field, text, utf8Size(text));
}

function setAll(to: AttributeSink, attributes: Attributes): void {
  for (const name of Object.keys(attributes)) to.set(name, attributes[name]);
}

function toUnixNs([seconds, nanos]: HrTime): bigint {
  return BigInt(seconds) * NS_PER_SECOND + BigInt(nanos);
}
