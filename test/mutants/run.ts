/**
 * `npm run test:mutants`: breaks the source one line at a time, runs the tests of that area, and writes the scores to
 * test/MUTANTS.md. Names of areas choose some of them, and then nothing is written; `--check` only looks whether every
 * mutant still applies.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AREAS } from './areas/index.ts';
import type { Area, Mutant } from './mutant.ts';
import { percentOf, render, type Score } from './report.ts';
import { mutate, Tree } from './tree.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const SCORES = join(REPOSITORY, 'test', 'MUTANTS.md');
/** Longest that one test file may take with a mutant in the source: one that hangs is noticed. */
const LIMIT_MILLIS = 120_000;
const AT_ONCE = 2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false } },
});

const chosen = AREAS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
for (const name of positionals) {
  if (AREAS.some(area => area.name === name)) continue;
  throw new Error(`failed to choose mutants: ${name} is none of ${AREAS.map(area => area.name).join(', ')}`);
}

const broken = chosen.flatMap(({ mutants }) => mutants).flatMap(mutant => problemOf(mutant) ?? []);
for (const problem of broken) console.error(`a mutant does not apply: ${problem}`);
if (broken.length > 0) process.exitCode = 1;
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
  const trees = Array.from({ length: AT_ONCE }, () => new Tree(REPOSITORY));
  try {
    const scores: Score[] = [];
    for (const area of chosen) scores.push(await scoreOf(area, trees));
    if (positionals.length === 0) writeFileSync(SCORES, render(scores));
    for (const score of scores) {
      console.log(`${score.area.name}: ${percentOf(score)} % of ${score.area.mutants.length}`);
      if (percentOf(score) < score.area.target) process.exitCode = 1;
    }
  } finally {
    for (const tree of trees) tree.remove();
  }
}

async function scoreOf(area: Area, trees: readonly Tree[]): Promise<Score> {
  const [first] = trees;
  for (const test of area.tests) {
    if (!(await first?.passes(test, LIMIT_MILLIS)))
      throw new Error(`failed to measure ${area.name}: ${test} fails without a mutant`);
  }
  const waiting = [...area.mutants];
  const survivors: Mutant[] = [];
  let done = 0;
  await Promise.all(
    trees.map(async tree => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        // what does not apply was reported, and kills nothing
        const killer =
          problemOf(mutant) === undefined ? await tree.killer(mutant, area.tests, LIMIT_MILLIS) : undefined;
        if (killer === undefined) survivors.push(mutant);
        done += 1;
        const fate = killer === undefined ? 'SURVIVED' : `killed by ${killer}`;
        console.log(`${area.name} ${done}/${area.mutants.length} ${fate}: ${mutant.why}`);
      }
    }),
  );
  // in the order of the list, whichever ended first
  const inOrder = area.mutants.filter(mutant => survivors.includes(mutant));
  return { area, killed: area.mutants.length - survivors.length, survivors: inOrder };
}
