/**
 * Prints technique × hook: seen?, right target?, right outcome? Run as `npm run test:attacks`; arguments name the hooks
 * (lsm, fentry, kprobe, tracepoint; all of them unless given). Ends with 1 when a cell is wrong.
 */
import { release } from 'node:os';
import { styleText } from 'node:util';
import { attack, buildAttacks, missingNeed } from './attack.ts';
import type { Verdict } from './judge.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { Sidecar } from './sidecar.ts';

const HOOKS = ['lsm', 'fentry', 'kprobe', 'tracepoint'] as const;

/** One hook's column, or why the kernel does not give that hook. */
type Column = ReadonlyMap<Scenario, Verdict> | string;

async function runColumn(hook: string): Promise<Column> {
  let sidecar: Sidecar;
  try {
    sidecar = await Sidecar.start({ MEMWARDEN_CAPTURE_HOOK: hook });
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
  try {
    await sidecar.fence();
    const column = new Map<Scenario, Verdict>();
    for (const scenario of scenarios) column.set(scenario, await cellOf(scenario, sidecar));
    return column;
  } finally {
    await sidecar.stop();
  }
}

async function cellOf(scenario: Scenario, sidecar: Sidecar): Promise<Verdict> {
  const missing = missingNeed(scenario);
  if (missing === undefined) return attack(scenario, sidecar);
  return { status: 'skip', seen: false, rightTarget: false, rightOutcome: false, reasons: [missing] };
}

function textOf({ status, seen, rightTarget, rightOutcome }: Verdict): string {
  if (status === 'skip') return 'skipped';
  if (status === 'limit') return 'limit';
  if (status === 'pass') return 'yes yes yes';
  return [seen, rightTarget, rightOutcome].map(answer => (answer ? 'yes' : 'NO')).join(' ');
}

function print(columns: ReadonlyMap<string, Column>): boolean {
  const notes = new Set<string>();
  const width = Math.max(...scenarios.map(({ name }) => name.length)) + 2;
  const present = [...columns].filter((entry): entry is [string, ReadonlyMap<Scenario, Verdict>] => {
    return typeof entry[1] !== 'string';
  });
  console.log(`kernel ${release()}; each cell: seen? right target? right outcome?\n`);
  console.log(`${''.padEnd(width)}${present.map(([hook]) => hook.padEnd(14)).join('')}`);
  let failed = present.length === 0;
  for (const scenario of scenarios) {
    let line = scenario.name.padEnd(width);
    for (const [hook, column] of present) {
      const verdict = column.get(scenario);
      if (verdict === undefined) continue;
      failed ||= verdict.status === 'fail';
      const color = verdict.status === 'pass' ? 'green' : verdict.status === 'fail' ? 'red' : 'yellow';
      line += styleText(color, textOf(verdict).padEnd(14));
      for (const reason of verdict.reasons) notes.add(`${scenario.name} (${hook}): ${reason}`);
    }
    console.log(line);
  }
  for (const note of notes) console.log(`\n${note}`);
  for (const [hook, column] of columns) {
    if (typeof column === 'string')
      console.log(`\n${hook} is not to be had on this kernel: ${column.trim()}`);
  }
  return !failed;
}

buildAttacks();
const columns = new Map<string, Column>();
for (const hook of process.argv.length > 2 ? process.argv.slice(2) : HOOKS) {
  columns.set(hook, await runColumn(hook));
}
process.exitCode = print(columns) ? 0 : 1;
