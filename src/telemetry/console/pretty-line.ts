import { styleText } from 'node:util';
import { OTEL } from '../attributes.ts';
import { toRfc3339 } from '../hr-time.ts';
import type { LineFormat } from './line-format.ts';

const COLORS = { HIGH: 'redBright', MEDIUM: 'yellow', LOW: 'cyan' } as const;

/**
 * One readable line a record: time (UTC), severity, signature, sentence. Coloured on terminals that have colours,
 * unless NO_COLOR is set (no-color.org).
 */
export function prettyLine(stream: NodeJS.WritableStream): LineFormat {
  return record => {
    const time = toRfc3339(record.hrTime).slice(11, 23);
    const severity = record.severityText ?? '';
    const padded = severity.padEnd(6);
    const color = Object.hasOwn(COLORS, severity) ? COLORS[severity as keyof typeof COLORS] : undefined;
    const label = color === undefined ? padded : styleText(color, padded, { stream });
    const id = String(record.attributes[OTEL.SECURITY_RULE_UUID] ?? '-').padEnd(8);
    return `${time} ${label} ${id} ${record.eventName}  ${visible(String(record.body))}`;
  };
}

/** Names and paths are the attacker's to choose: no control or formatting character may reach the terminal. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, c => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
