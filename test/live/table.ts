/**
 * Prints technique × hook: seen?, right target?, right outcome? Run as `npm run test:attacks`; arguments name the hooks
 * (lsm, fentry, kprobe, tracepoint; all of them unless given). Ends with 1 when a cell is wrong. The same attacks on other
 * kernels: `npm run test:vm`.
 */
import { release } from 'node:os';
import { styleText } from 'node:util';
import { attack, buildAttacks, missingNeed } from './attack.ts';
import type { Verdict } from './judge.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { Sidecar } from './sidecar.ts';

const HOOKS = ['lsm', 'fentry', 'kprobe', 'tracepoint'] as const;
const CELL_WIDTH = 16;
const COLORS = { pass: 'green', fail: 'red', limit: 'yellow', skip: 'gray' } as const;

/** One hook's column, or why the kernel does not give that hook. */
type Column = ReadonlyMap<Scenario, Verdict> | string;

async function runColumn(hook: string): Promise<Column> {
  let sidecar: Sidecar;
  try {
    sidecar = await Sidecar.start({ MEMWARDEN_CAPTURE_HOOK: hook });
  } catch (error) {
    // its last lines are the reason; the lines before them are the log of the start
    const words = String(error instanceof Error ? error.message : error);
    return words.slice(Math.max(0, words.indexOf('memwarden: ')));
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
  if (missing !== undefined) return unseen('skip', missing);
  try {
    return await attack(scenario, sidecar);
  } catch (error) {
    // an attack that fails must not prevent the other rows
    return unseen('fail', error instanceof Error ? error.message : String(error));
  }
}

function unseen(status: 'fail' | 'skip', reason: string): Verdict {
  return { status, seen: false, rightTarget: false, rightOutcome: false, reasons: [reason] };
}

function textOf({ expect }: Scenario, { status, seen, rightTarget, rightOutcome }: Verdict): string {
  if (status === 'skip') return 'skipped';
  if (status === 'limit') return 'kernel limit';
  if (status === 'pass' && expect.length === 0) return 'silent';
  return [seen, rightTarget, rightOutcome].map(answer => (answer ? 'yes' : 'NO')).join(' ');
}

/** Footnotes: each text gets a number once. */
class Notes {
  readonly #texts: string[] = [];

  mark(texts: readonly string[]): string {
    return texts.map(text => ` [${this.#numberOf(text)}]`).join('');
  }

  print(): void {
    for (const [index, text] of this.#texts.entries()) console.log(`[${index + 1}] ${text}`);
  }

  #numberOf(text: string): number {
    const known = this.#texts.indexOf(text);
    return known >= 0 ? known + 1 : this.#texts.push(text);
  }
}

/** Returns whether every cell is right. */
function print(columns: ReadonlyMap<string, Column>): boolean {
  const notes = new Notes();
  const width = Math.max(...scenarios.map(({ name }) => name.length)) + 2;
  const present: [string, ReadonlyMap<Scenario, Verdict>][] = [];
  for (const [hook, column] of columns) if (typeof column !== 'string') present.push([hook, column]);

  console.log(`kernel ${release()}; each cell: seen? right target? right outcome?`);
  console.log(`"silent": nothing was reported, and nothing should be\n`);
  console.log(`${''.padEnd(width)}${present.map(([hook]) => hook.padEnd(CELL_WIDTH)).join('')}`);
  let right = present.length > 0;
  for (const scenario of scenarios) {
    let line = scenario.name.padEnd(width);
    for (const [, column] of present) {
      const verdict = column.get(scenario);
      if (verdict === undefined) continue;
      right &&= verdict.status !== 'fail';
      const text = `${textOf(scenario, verdict)}${notes.mark(verdict.reasons)}`;
      line += styleText(COLORS[verdict.status], text.padEnd(CELL_WIDTH));
    }
    console.log(line);
  }
  console.log();
  notes.print();
  for (const [hook, column] of columns) {
    if (typeof column === 'string')
      console.log(`\n${hook} is not to be had on this kernel.\n${column.trim()}`);
  }
  return right;
}

buildAttacks();
const columns = new Map<string, Column>();
for (const hook of process.argv.length > 2 ? process.argv.slice(2) : HOOKS) {
  columns.set(hook, await runColumn(hook));
}
process.exitCode = print(columns) ? 0 : 1;
