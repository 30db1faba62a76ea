import { OTEL } from '../record/attributes.ts';
import { toRfc3339 } from '../record/hr-time.ts';
import type { LineFormat } from './line-format.ts';
import { readableLine } from './readable-line.ts';

/** One readable line per record, with the colours and the width of `stream`. */
export function prettyLine(stream: NodeJS.WritableStream): LineFormat {
  return ({ hrTime, severityText = '', attributes, eventName, body }) => {
    const id = attributes[OTEL.SECURITY_RULE_UUID];
    return readableLine(
      {
        timestamp: toRfc3339(hrTime),
        severityText,
        id: id === undefined ? undefined : String(id),
        eventName: String(eventName),
        body: String(body),
      },
      stream,
    );
  };
}
