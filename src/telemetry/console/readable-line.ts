import { styleText } from 'node:util';
import { printable } from '../../printing/printable.ts';
import { columnsOf, wrap } from '../../printing/wrap.ts';

const COLORS = { HIGH: 'redBright', MEDIUM: 'yellow', LOW: 'cyan' } as const;

/** Parts of a readable line, not yet escaped for a terminal. */
export interface ReadableParts {
  /** RFC 3339, UTC. */
  readonly timestamp: string;
  readonly severityText: string;
  /** Id of the signature, where there is one. */
  readonly id: string | undefined;
  readonly eventName: string;
  readonly body: string;
}

/** Columns before the event's name: time, severity and id, each followed by a blank. */
const MARGIN = 12 + 1 + 6 + 1 + 8 + 1;

/**
 * One readable line: time (UTC), severity, id, event name and sentence. On a narrow terminal it is wrapped between words.
 * The severity is coloured if `stream` is a terminal with colours and NO_COLOR is not set (no-color.org).
 */
export function readableLine(parts: ReadableParts, stream: NodeJS.WritableStream): string {
  const { timestamp, severityText, id, eventName, body } = parts;
  const padded = printable(severityText).padEnd(6);
  const color = Object.hasOwn(COLORS, severityText) ? COLORS[severityText as keyof typeof COLORS] : undefined;
  const label = color === undefined ? padded : styleText(color, padded, { stream });
  const time = printable(timestamp.slice(11, 23));
  const sentence = wrap(`${printable(eventName)}  ${printable(body)}`, MARGIN, columnsOf(stream));
  return `${time} ${label} ${printable(id ?? '-').padEnd(8)} ${sentence}`;
}
