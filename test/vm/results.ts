import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import type { CellResult } from './cell-result.ts';
import type { Cell } from './matrix.ts';

/** The result of the last run of each cell; kept outside the tree, for the tables in the documents. */
export function lastResult({ id }: Cell): CellResult | undefined {
  const path = pathOf(id);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

export function keepResult(result: CellResult): void {
  writeFileSync(pathOf(result.cell), `${JSON.stringify(result, undefined, 2)}\n`);
}

function pathOf(id: string): string {
  return join(cacheFolder('results'), `${id}.json`);
}
