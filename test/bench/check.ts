/**
 * `npm run bench:check -- NAME…`: measures again and compares the ratios with those in results/. A ratio that is worse by
 * more than a fifth is a regression: exit status 1. Saves nothing.
 */
import { BENCHMARKS } from './benchmarks.ts';
import { kept, type Ratio } from './report.ts';
import { readable } from './statistics.ts';

const WORSE_MAX = 1.2;

let regressions = 0;
const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined) throw new Error(`failed to choose a benchmark: there is no ${name}`);
  const before = new Map(kept(name).ratios.map(ratio => [ratio.name, ratio.value]));
  for (const ratio of (await benchmark.run()).ratios) compare(name, ratio, before.get(ratio.name));
}
process.exit(regressions > 0 ? 1 : 0);

function compare(benchmark: string, { name, value, better }: Ratio, before: number | undefined): void {
  if (before === undefined) {
    console.log(`new        ${benchmark}: ${name}: ${readable(value)}`);
    return;
  }
  const worse = better === 'higher' ? before / value : value / before;
  const isRegression = worse > WORSE_MAX;
  if (isRegression) regressions += 1;
  console.log(
    `${isRegression ? 'REGRESSION' : 'ok        '} ${benchmark}: ${name}: ${readable(before)} → ${readable(value)}`,
  );
}
