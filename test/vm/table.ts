import type { CellResult } from './cell-result.ts';
import type { Cell } from './matrix.ts';
import { reportedRefusal } from './refusal.ts';

/** A cell and the result of its last run. */
export interface Row {
  readonly cell: Cell;
  readonly result: CellResult;
}

export const CAPABILITIES = ['file_open', 'ptrace', 'descriptor', 'memory_io', 'memory_protection'] as const;

/**
 * Every cell: kernel × architecture × condition × choice of hook → hook in use per capability, number of attacks and
 * harmless programs reported correctly.
 */
export function table(rows: readonly Row[]): string {
  const head = ['Kernel', 'Architecture', 'Condition', 'Asked for', ...CAPABILITIES, 'Cases'];
  return markdown(
    head,
    rows.map(({ cell, result }) => [
      result.release ?? cell.series,
      cell.pageKiB === 4 ? cell.architecture : `${cell.architecture}, ${cell.pageKiB} KiB pages`,
      cell.condition?.meaning ?? '',
      cell.hook,
      ...CAPABILITIES.map(capability => result.hooks[capability] ?? '–'),
      answer({ cell, result }),
    ]),
  );
}

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map(columns => `| ${columns.join(' | ')} |\n`).join('');
}

/** Why the kernel refused: its own words, and what they mean. */
export function refusalOf({ cell, result }: Row): string {
  const words = reportedRefusal(result.reason ?? '')?.answer ?? '';
  return 'cause' in cell.ending ? `\`${words}\`: ${cell.ending.cause}` : words;
}

/** How many cases ended so. */
export function count({ tests }: CellResult, status: CellResult['tests'][number]['status']): number {
  return tests.filter(test => test.status === status).length;
}

function answer(row: Row): string {
  const { result } = row;
  switch (result.status) {
    case 'passed':
      return `${count(result, 'pass')} right, ${count(result, 'limit')} kernel limits, ${count(result, 'skip')} not run`;
    case 'failed':
      return `${count(result, 'fail')} WRONG, ${count(result, 'pass')} right`;
    case 'refused':
      return `refused, and reported: ${refusalOf(row)}`;
    case 'unavailable':
      return `not to be had: ${(result.reason ?? '').split('\n')[0]}`;
  }
}
