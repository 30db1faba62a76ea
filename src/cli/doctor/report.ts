import { styleText } from 'node:util';
import type { Check } from './check.ts';

const MARKS = {
  ok: ['ok', 'green'],
  warning: ['warn', 'yellow'],
  failed: ['FAIL', 'red'],
} as const;

/** The checks as aligned lines; colours only where stdout is a terminal. */
export function doctorReport(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const margin = ' '.repeat(width + 8);
  const lines = checks.flatMap(({ name, status, detail, advice }) => {
    const [mark, style] = MARKS[status];
    const [first, ...rest] = detail.split('\n');
    const tried = advice === undefined ? [] : `try: ${advice}`.split('\n');
    return [
      `${styleText(style, mark.padEnd(4), { stream: process.stdout })}  ${name.padEnd(width)}  ${first}`,
      ...[...rest, ...tried].map(line => `${margin}${line}`),
    ];
  });
  return `${lines.join('\n')}\n`;
}
