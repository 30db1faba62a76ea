import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HookName } from '../../src/capture/event.ts';
import { type GroundTruth, parseGroundTruth } from './act.ts';
import type { ConsoleRecord } from './console-record.ts';
import { judge, type Verdict } from './judge.ts';
import type { Need, Scenario } from './scenario.ts';
import type { Sidecar } from './sidecar.ts';

/** An attack takes milliseconds; one that hangs must not hang the tests. */
const ATTACK_MILLIS = 60_000;

const ATTACKS = fileURLToPath(new URL('../attacks/', import.meta.url));

/** Builds the attack programs that are out of date. Throws Error with the compiler's words. */
export function buildAttacks(): void {
  execFileSync(`${ATTACKS}build.sh`, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Why this machine cannot run the scenario; undefined when it can. */
export function missingNeed({ needs = [] }: Scenario): string | undefined {
  const missing = needs.find(need => !isMet(need));
  return missing === undefined ? undefined : `needs ${missing}`;
}

function isMet(need: Need): boolean {
  if (need === 'x64') return process.arch === 'x64';
  try {
    execFileSync(need, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    // not there, or not fit to run: the scenario is skipped with the reason
    return false;
  }
}

/** What came of one attack, before anybody judges it. */
export interface Observation {
  readonly truth: GroundTruth;
  /** Everything the sidecar said between the attack's start and the fence after its end. */
  readonly records: readonly ConsoleRecord[];
  /** The kind of program that serves the scenario's capability. */
  readonly hook: HookName | undefined;
  readonly pid: number | undefined;
}

/** Runs one attack beside a running sidecar and keeps what was said of it. */
export async function observe(scenario: Scenario, sidecar: Sidecar): Promise<Observation> {
  const from = sidecar.records.length;
  const { truth, pid } = await run(scenario);
  await sidecar.fence();
  return { truth, records: sidecar.records.slice(from), hook: sidecar.hooks[scenario.capability], pid };
}

/** Runs one attack beside a running sidecar and judges what was said of it. */
export async function attack(scenario: Scenario, sidecar: Sidecar): Promise<Verdict> {
  const { truth, records, hook, pid } = await observe(scenario, sidecar);
  return judge(scenario, truth, records, hook, pid);
}

/** Throws Error when the attack program fails: its ground truth is then worth nothing. */
async function run({
  name,
  command: [program, ...args],
}: Scenario): Promise<{ readonly truth: GroundTruth; readonly pid: number | undefined }> {
  const [file, fileArgs] = program.endsWith('.py')
    ? ['python3', [`${ATTACKS}${program}`, ...args]]
    : [`${ATTACKS}build/${program}`, args];
  const child = spawn(file, fileArgs, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ATTACK_SCENARIO: name },
    timeout: ATTACK_MILLIS,
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${signal ?? code}: ${errors}`);
  return { truth: parseGroundTruth(output), pid: child.pid };
}
