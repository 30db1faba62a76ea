import { CELLS, type Cell } from './matrix.ts';

/** Selects cells: each list restricts the matrix, undefined does not. */
export interface Selection {
  /** Names as `--list` prints them. */
  readonly cell?: readonly string[] | undefined;
  readonly kernel?: readonly string[] | undefined;
  readonly arch?: readonly string[] | undefined;
  /** Page size, KiB. */
  readonly page?: readonly string[] | undefined;
  readonly hook?: readonly string[] | undefined;
  /** Names of conditions; `none` for the cells without one. */
  readonly condition?: readonly string[] | undefined;
}

const PROPERTY: Readonly<Record<keyof Selection, (cell: Cell) => string>> = {
  cell: cell => cell.id,
  kernel: cell => cell.series,
  arch: cell => cell.architecture,
  page: cell => String(cell.pageKiB),
  hook: cell => cell.hook,
  condition: cell => cell.condition?.name ?? 'none',
};

/** @throws Error that names what there is to choose from */
export function selectCells(selection: Selection): readonly Cell[] {
  let cells = CELLS;
  for (const [name, property] of Object.entries(PROPERTY)) {
    const wanted = selection[name as keyof Selection];
    if (wanted === undefined) continue;
    const known = new Set(CELLS.map(property));
    const unknown = wanted.find(value => !known.has(value));
    if (unknown !== undefined)
      throw new Error(`failed to choose cells: --${name} ${unknown} is not one of ${[...known].join(', ')}`);
    cells = cells.filter(cell => wanted.includes(property(cell)));
  }
  if (cells.length === 0) throw new Error('failed to choose cells: no cell has all of these; try --list');
  return cells;
}
