import { HOOK_CHOICES } from './matrix.ts';
import { CAPABILITIES, count, markdown, type Row, refusalOf } from './table.ts';

/** For users: a row per kernel and condition, with the hook per capability and the number of correct cases. */
export function summary(rows: readonly Row[]): string {
  const notes: string[] = [];
  const groups = Map.groupBy(rows, ({ cell }) => cell.id.replace(`-${cell.hook}`, ''));
  const body = [...groups.values()].map(group => {
    const [first] = group;
    const chosen = group.find(({ cell }) => cell.hook === 'auto');
    return [
      kernelOf(first),
      first?.cell.condition?.meaning ?? '',
      ...CAPABILITIES.map(capability => chosen?.result.hooks[capability] ?? '–'),
      ...HOOK_CHOICES.map(choice =>
        scoreOf(
          group.find(({ cell }) => cell.hook === choice),
          notes,
        ),
      ),
    ];
  });
  const head = ['Kernel', 'Condition', ...CAPABILITIES, ...HOOK_CHOICES];
  return `${markdown(head, body)}\n${notes.map((note, index) => `[${index + 1}] refused: ${note}\\\n`).join('')}`;
}

/** For example "6.12.95+deb12 amd64", "6.12.95+deb12 arm64, 16 KiB pages". */
function kernelOf(row: Row | undefined): string {
  if (row === undefined) return '';
  const { series, architecture, pageKiB } = row.cell;
  const release = (row.result.release ?? series).replace(/(-cloud)?-(amd64|arm64)(-16k)?$/, '');
  return `${release} ${architecture}${pageKiB === 4 ? '' : `, ${pageKiB} KiB pages`}`;
}

/** Correct cases of those that ran, or the number of the note that says why there are none. */
function scoreOf(row: Row | undefined, notes: string[]): string {
  if (row === undefined) return '';
  const { result } = row;
  if (result.status === 'unavailable') return 'not to be had';
  if (result.status === 'refused') return `[${noteOf(refusalOf(row), notes)}]`;
  const ran = result.tests.length - count(result, 'skip');
  const score = `${count(result, 'pass')}/${ran}`;
  return result.status === 'passed' ? score : `**${score}**`;
}

/** Each text gets a number once. */
function noteOf(text: string, notes: string[]): number {
  const known = notes.indexOf(text);
  return known >= 0 ? known + 1 : notes.push(text);
}
