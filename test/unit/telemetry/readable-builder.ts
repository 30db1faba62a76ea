import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { Detection } from '../../../src/detect/detection.ts';
import type { EnrichedEvent } from '../../../src/enrich/event.ts';
import { writeLogRecord } from '../../../src/telemetry/otlp/log-encoder.ts';
import { MessageWriter } from '../../../src/telemetry/otlp/message-writer.ts';
import { toLogRecord } from '../../../src/telemetry/record/record.ts';
import { createResource } from '../../../src/telemetry/record/resource.ts';
import { SCOPE } from '../../../src/telemetry/record/scope.ts';
import { buildDetection } from './detection-builder.ts';

let last: ReadableLogRecord | undefined;
const provider = new LoggerProvider({
  resource: createResource({}),
  processors: [
    {
      onEmit: record => {
        last = record;
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    },
  ],
});
const logger = provider.getLogger(SCOPE.name, SCOPE.version);

export function buildReadable(fields: Partial<EnrichedEvent> = {}): ReadableLogRecord {
  return toReadable(buildDetection(fields));
}

/** The record of a detection as the SDK passes it to a processor. The fields are plain, so that a test can replace some. */
export function toReadable(detection: Detection): ReadableLogRecord {
  logger.emit(toLogRecord(detection, '0123456789abcdef0123456789abcdef'));
  if (last === undefined) throw new Error('the SDK dropped the record');
  const { hrTime, hrTimeObserved, resource, instrumentationScope, attributes, droppedAttributesCount } = last;
  const { severityNumber, severityText, body, eventName } = last;
  return {
    hrTime,
    hrTimeObserved,
    resource,
    instrumentationScope,
    attributes,
    droppedAttributesCount,
    ...(severityNumber === undefined ? {} : { severityNumber }),
    ...(severityText === undefined ? {} : { severityText }),
    ...(body === undefined ? {} : { body }),
    ...(eventName === undefined ? {} : { eventName }),
  };
}

/** A single encoded record, as it is in a body. */
export function encodeLogRecord(record: ReadableLogRecord): Uint8Array {
  const writer = new MessageWriter(0);
  writeLogRecord(writer, record);
  return writer.bytes();
}
