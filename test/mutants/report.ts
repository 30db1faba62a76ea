import type { Area, Mutant } from './mutant.ts';

/** What became of the mutants of an area. */
export interface Score {
  readonly area: Area;
  readonly survivors: readonly Mutant[];
}

function killedOf({ area, survivors }: Score): number {
  return area.mutants.length - survivors.length;
}

/** Killed mutants in percent, rounded down: 89.9 is not 90. */
export function percentOf(score: Score): number {
  return Math.floor((100 * killedOf(score)) / score.area.mutants.length);
}

function row(score: Score): string {
  const { area } = score;
  return `| ${area.name} | ${area.mutants.length} | ${killedOf(score)} | ${percentOf(score)} % | ${area.target} % |`;
}

function describe({ file, find, replace, why }: Mutant): string {
  const code = (text: string) => `\`${text.replace(/\s+/g, ' ').trim()}\``;
  const change = replace === '' ? `${code(find)} left out` : `${code(find)} → ${code(replace)}`;
  return `- ${file}: ${change}: ${why}`;
}

/** The page of scores, as it is kept in the tree. */
export function render(scores: readonly Score[]): string {
  const survivors = scores.flatMap(score => score.survivors);
  const lines = [
    '# Mutants',
    '',
    'Written by `npm run test:mutants`. Each mutant of `test/mutants/areas` is one change to the source that would hurt',
    'somebody; it is killed when a test of its area fails. One that survives is something that no test notices.',
    '',
    '| area | mutants | killed | score | wanted |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...scores.map(row),
    '',
    survivors.length === 0 ? 'None survived.' : 'Survivors:',
    ...(survivors.length === 0 ? [] : ['', ...survivors.map(describe)]),
  ];
  return `${lines.join('\n')}\n`;
}
