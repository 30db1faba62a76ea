import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { jsonText } from '../../printing/printable.ts';
import { toRfc3339 } from '../record/hr-time.ts';
import type { LineFormat } from './line-format.ts';

/**
 * One JSON object per record, as docs/events.md documents it: `timestamp`, `observedTimestamp` (RFC 3339, UTC, nine
 * fraction digits), `eventName`, `severityNumber`, `severityText`, `body`, `attributes`, `resource`, `scope`.
 */
export function jsonLine(): LineFormat {
  // the text of Resource and scope, cached: all records of a run share these objects
  const tails = new WeakMap<object, string>();
  return record => {
    let tail = tails.get(record.resource);
    if (tail === undefined) {
      tail = tailOf(record);
      tails.set(record.resource, tail);
    }
    const head = jsonText({
      timestamp: toRfc3339(record.hrTime),
      observedTimestamp: toRfc3339(record.hrTimeObserved),
      eventName: record.eventName,
      severityNumber: record.severityNumber,
      severityText: record.severityText,
      body: record.body,
      attributes: record.attributes,
    });
    return `${head.slice(0, -1)},${tail}`;
  };
}

function tailOf({ resource, instrumentationScope: { name, version } }: ReadableLogRecord): string {
  return jsonText({ resource: resource.attributes, scope: { name, version } }).slice(1);
}
