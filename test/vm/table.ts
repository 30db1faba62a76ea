/**
 * `npm run docs:vm`: writes the table of test/vm/README.md from the last result of each cell: kernel × architecture ×
 * choice of hook → hook in use per capability, number of attacks told right.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { CellResult } from './cell-result.ts';
import { CELLS, type Cell } from './matrix.ts';
import { lastResult } from './results.ts';

const README = new URL('README.md', import.meta.url);
const BEGIN = '<!-- begin matrix -->\n';
const END = '<!-- end matrix -->';

const CAPABILITIES = ['file_open', 'ptrace', 'descriptor', 'memory_io', 'memory_protection'] as const;

function row(cell: Cell, result: CellResult): string {
  const hooks = CAPABILITIES.map(capability => result.hooks[capability] ?? '–');
  const columns = [
    result.release ?? cell.series,
    cell.pageKiB === 4 ? cell.architecture : `${cell.architecture}, ${cell.pageKiB} KiB pages`,
    cell.condition?.meaning ?? '',
    cell.hook,
    ...hooks,
    answer(result),
  ];
  return `| ${columns.join(' | ')} |\n`;
}

function answer({ status, reason, tests }: CellResult): string {
  const count = (wanted: string) => tests.filter(test => test.status === wanted).length;
  switch (status) {
    case 'passed':
      return `${count('pass')} right, ${count('limit')} kernel limits, ${count('skip')} not run`;
    case 'failed':
      return `${count('fail')} WRONG, ${count('pass')} right`;
    case 'refused':
      return 'refused by the kernel, and told';
    case 'unavailable':
      return `not to be had: ${(reason ?? '').split('\n')[0]}`;
  }
}

function table(): string {
  const head = ['Kernel', 'Architecture', 'Condition', 'Asked for', ...CAPABILITIES, 'Attacks'];
  const rows = CELLS.map(cell => ({ cell, result: lastResult(cell) }));
  const told = rows.map(({ cell, result }) => (result === undefined ? '' : row(cell, result))).join('');
  const open = rows.filter(({ result }) => result === undefined).length;
  const rest = open === 0 ? '' : `\n${open} of ${rows.length} cells have not been run.\n`;
  return `| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}\n${told}${rest}`;
}

const text = readFileSync(README, 'utf8');
const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
if (from < 0 || to < from)
  throw new Error(`failed to write ${README.pathname}: it has no place for the matrix`);
writeFileSync(README, text.slice(0, from + BEGIN.length) + table() + text.slice(to));
