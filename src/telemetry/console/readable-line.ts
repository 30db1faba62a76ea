import { styleText } from 'node:util';
import { printable } from '../../printing/printable.ts';
import { columnsOf, wrap } from '../../printing/wrap.ts';

const COLORS = { HIGH: 'redBright', MEDIUM: 'yellow', LOW: 'cyan' } as const;

/** What stands in a readable line, as text that is not yet safe to print. */
export interface ReadableParts {
  /** RFC 3339, UTC. */
  readonly timestamp: string;
  readonly severityText: string;
  /** Id of the signature, where there is one. */
  readonly id: string | undefined;
  readonly eventName: string;
  readonly body: string;
}

/** Columns before the event's name: time, severity and id, with a blank after each. */
const MARGIN = 12 + 1 + 6 + 1 + 8 + 1;

/**
 * One readable line: time (UTC), severity, signature, sentence; broken between words where the terminal is too narrow for
 * it. Coloured where `stream` is a terminal that has colours,
 * unless NO_COLOR is set (no-color.org).
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
