/**
 * `npm run bench:NAME`: measures, prints the report, and saves it in RESULTS.md and results/NAME.json. Several names run one
 * after the other; `--json` prints JSON, `--dry-run` saves nothing.
 */
import { parseArgs } from 'node:util';
import { buildBpfObject } from '../vm/programs.ts';
import { BENCHMARKS } from './benchmarks.ts';
import { thisMachine } from './machine.ts';
import { keep, type Result, render } from './report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, 'dry-run': { type: 'boolean', default: false } },
});

buildBpfObject(process.arch === 'arm64' ? 'arm64' : 'amd64');
for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHMARKS)) {
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined) {
    throw new Error(`failed to choose a benchmark: ${name} is none of ${Object.keys(BENCHMARKS).join(', ')}`);
  }
  const machine = thisMachine();
  const report = await benchmark.run();
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const result: Result = { name, title: benchmark.title, date: `${date} UTC`, machine, ...report };
  console.log(values.json ? JSON.stringify(result) : render(result));
  if (!values['dry-run']) keep(result);
}
process.exit();
