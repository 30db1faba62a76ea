import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type GroundTruth, parseGroundTruth } from './act.ts';
import { judge, type Observation, type Verdict } from './judge.ts';
import type { Need, Scenario } from './scenario.ts';
import type { Sidecar } from './sidecar.ts';

/** An attack takes milliseconds; one that hangs must not hang the tests. */
const ATTACK_MILLIS = 60_000;

const ATTACKS = fileURLToPath(new URL('../attacks/', import.meta.url));

/** Builds the attack programs that are out of date. Throws Error with the compiler's output. */
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
    // missing or not executable: the scenario is skipped with the reason
    return false;
  }
}

/** Runs one attack beside a running sidecar and returns its records. */
export async function observe(scenario: Scenario, sidecar: Sidecar): Promise<Observation> {
  const from = sidecar.records.length;
  const skippedBefore = sidecar.skippedRuns;
  const lostBefore = sidecar.lost;
  const { truth, pid } = await run(scenario);
  await sidecar.fence();
  return {
    ...{ truth, pid, records: sidecar.records.slice(from), hook: sidecar.hooks[scenario.capability] },
    skippedRuns: sidecar.skippedRuns - skippedBefore,
    lost: sidecar.lost - lostBefore,
  };
}

/** Runs one attack beside a running sidecar and compares its records with the ground truth. */
export async function attack(scenario: Scenario, sidecar: Sidecar): Promise<Verdict> {
  const observation = await observe(scenario, sidecar);
  const lost = sidecar.lost;
  const verdict = judge(scenario, observation);
  if (verdict.status !== 'fail') return verdict;
  return judge(scenario, {
    ...observation,
    lost: (observation.lost ?? 0) + (await sidecar.lossSince(lost)),
  });
}

/** Throws Error when the attack program fails, since its ground truth is then invalid. */
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
