/** `npm run docs:vm`: writes the tables of the matrix from the last result of each cell. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withPart } from '../../scripts/generated-part.ts';
import { CELLS } from './matrix.ts';
import { lastResult } from './results.ts';
import { summary } from './summary.ts';
import { type Row, table } from './table.ts';

const ROOT = new URL('../../', import.meta.url);

const rows = CELLS.flatMap((cell): Row[] => {
  const result = lastResult(cell);
  return result === undefined ? [] : [{ cell, result }];
});
const open = CELLS.length - rows.length;
const rest = open === 0 ? '' : `\n${open} of ${CELLS.length} cells have not been run.\n`;

for (const [page, part] of [
  ['test/vm/README.md', table(rows)],
  ['docs/kernels.md', summary(rows)],
] as const) {
  const url = new URL(page, ROOT);
  writeFileSync(url, withPart(page, readFileSync(url, 'utf8'), 'kernels', `${part}${rest}`));
}
