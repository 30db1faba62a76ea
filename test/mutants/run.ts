/**
 * `npm run test:mutants`: breaks the source one line at a time, runs the tests of that area, and writes the scores to
 * test/MUTANTS.md. Names of areas choose some of them; `--again` tries only what survived or was never tried; `--check`
 * only looks whether every mutant still applies.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AREAS } from './areas/index.ts';
import type { Area, Mutant } from './mutant.ts';
import { percentOf, render } from './report.ts';
import { Scores } from './scores.ts';
import { mutate, Tree } from './tree.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = join(REPOSITORY, 'test', 'MUTANTS.md');
/** Longest that one test file may take with a mutant in the source: one that hangs is noticed. */
const LIMIT_MILLIS = 120_000;
const AT_ONCE = 2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false }, again: { type: 'boolean', default: false } },
});

for (const name of positionals) {
  if (AREAS.some(area => area.name === name)) continue;
  throw new Error(`failed to choose mutants: ${name} is none of ${AREAS.map(area => area.name).join(', ')}`);
}
const chosen = AREAS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const all = AREAS.flatMap(({ mutants }) => mutants);
for (const problem of all.flatMap(mutant => problemOf(mutant) ?? [])) {
  console.error(`a mutant does not apply: ${problem}`);
  process.exitCode = 1;
}
if (!values.check) await measure();

function problemOf(mutant: Mutant): string | undefined {
  try {
    mutate(readFileSync(join(REPOSITORY, mutant.file), 'utf8'), mutant);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function measure(): Promise<void> {
  const scores = new Scores(join(REPOSITORY, 'test', 'mutants', 'scores.json'));
  scores.keepOnly(all);
  const trees = Array.from({ length: AT_ONCE }, () => new Tree(REPOSITORY));
  try {
    for (const area of chosen) await tryAll(area, trees, scores);
  } finally {
    for (const tree of trees) tree.remove();
  }
  const results = AREAS.map(area => ({
    area,
    survivors: area.mutants.filter(mutant => scores.killerOf(mutant) === undefined),
  }));
  writeFileSync(PAGE, render(results));
  for (const result of results) {
    console.log(`${result.area.name}: ${percentOf(result)} % of ${result.area.mutants.length}`);
    if (percentOf(result) < result.area.target) process.exitCode = 1;
  }
}

async function tryAll(area: Area, trees: readonly Tree[], scores: Scores): Promise<void> {
  const waiting = area.mutants.filter(mutant => !values.again || scores.killerOf(mutant) === undefined);
  if (waiting.length === 0) return;
  const [first] = trees;
  for (const test of area.tests) {
    if (!(await first?.passes(test, LIMIT_MILLIS)))
      throw new Error(`failed to measure ${area.name}: ${test} fails without a mutant`);
  }
  const count = waiting.length;
  let done = 0;
  await Promise.all(
    trees.map(async tree => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        // what does not apply was reported, and counts as alive
        const killer =
          problemOf(mutant) === undefined ? await tree.killer(mutant, area.tests, LIMIT_MILLIS) : undefined;
        scores.keep(mutant, killer);
        done += 1;
        const fate = killer === undefined ? 'SURVIVED' : `killed by ${killer}`;
        console.log(`${area.name} ${done}/${count} ${fate}: ${mutant.why}`);
      }
    }),
  );
}
