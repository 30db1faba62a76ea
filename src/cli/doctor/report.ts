import { styleText } from 'node:util';
import { printable } from '../../printing/printable.ts';
import { columnsOf, wrap } from '../../printing/wrap.ts';
import type { Check } from './check.ts';

const MARKS = {
  ok: ['ok', 'green'],
  warning: ['warn', 'yellow'],
  failed: ['FAIL', 'red'],
} as const;

/** Columns of the mark. Further lines of a check start below its name, and so have the width of the terminal. */
const MARK_COLUMNS = 6;
/** Further indent of a line that was wrapped. */
const HANG_COLUMNS = 2;

/** The checks as aligned lines, as wide as the terminal; colours only where stdout is one. */
export function doctorReport(checks: readonly Check[]): string {
  const columns = columnsOf(process.stdout);
  const width = Math.max(...checks.map(({ name }) => name.length));
  const below = (line: string) =>
    `${' '.repeat(MARK_COLUMNS)}${wrap(line, MARK_COLUMNS + HANG_COLUMNS, columns)}`;
  const lines = checks.flatMap(({ name, status, detail, advice }) => {
    const [mark, style] = MARKS[status];
    const [first = '', ...rest] = detail.split('\n').map(line => printable(line));
    const tried = advice === undefined ? [] : `try: ${advice}`.split('\n').map(line => printable(line));
    const label = styleText(style, mark.padEnd(MARK_COLUMNS), { stream: process.stdout });
    return [
      `${label}${name.padEnd(width)}  ${wrap(first, MARK_COLUMNS + width + 2, columns)}`,
      ...rest.map(line => styleText('dim', below(line), { stream: process.stdout })),
      ...tried.map(below),
    ];
  });
  return `${lines.join('\n')}\n`;
}
