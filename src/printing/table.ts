import { printable } from './printable.ts';
import { wrap } from './wrap.ts';

/** Longest cell, characters. */
const CELL_MAX = 1_000;

/** Least width of the last cell; in a narrower terminal it goes below its row. Columns. */
const LAST_CELL_COLUMNS = 40;

/**
 * A table of columns as wide as their longest cell, two blanks apart; the last one is wrapped. Cells may have foreign texts.
 *
 * @param columns width of the terminal; undefined where there is none
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns?: number,
): string {
  const all = [head, ...rows].map(row => row.map(cell => printable(cell, CELL_MAX)));
  const widths = head.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)));
  const indent = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const isNarrow =
    columns !== undefined && columns - indent < Math.min(widths.at(-1) ?? 0, LAST_CELL_COLUMNS);
  return all
    .map(row => {
      const first = row
        .slice(0, -1)
        .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2))
        .join('');
      const last = row.at(-1) ?? '';
      if (!isNarrow) return `${first}${wrap(last, indent, columns)}`.trimEnd();
      const below = (widths[0] ?? 0) + 2;
      return `${first.trimEnd()}\n${' '.repeat(below)}${wrap(last, below, columns)}`;
    })
    .map(line => `${line}\n`)
    .join('');
}
