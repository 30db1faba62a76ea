/**
 * Runs in the guest: starts the sidecar, makes every attack, runs the harmless programs, and prints the records of each, one
 * JSON object a line. The host checks these, with the code of the live tests.
 */
import { parseArgs } from 'node:util';
import { highRecordsOf, missingPrograms } from '../../benign/observe.ts';
import { type BenignProgram, benignPrograms } from '../../benign/programs.ts';
import { missingNeed, observe } from '../../live/attack.ts';
import type { Scenario } from '../../live/scenario.ts';
import { scenarios } from '../../live/scenarios.ts';
import { Sidecar } from '../../live/sidecar.ts';
import type { Report } from '../report.ts';

const { values, positionals: prefix } = parseArgs({
  options: { hook: { type: 'string', default: 'auto' }, case: { type: 'string', multiple: true } },
  allowPositionals: true,
});
const isWanted = ({ name }: { readonly name: string }) => values.case?.includes(name) ?? true;

const sidecar = await start();
if (sidecar !== undefined) {
  await sidecar.fence();
  report({ kind: 'ready', hooks: sidecar.hooks });
  for (const scenario of scenarios.filter(isWanted)) report(await reportOf(scenario, sidecar));
  for (const program of benignPrograms.filter(isWanted)) report(await benignReportOf(program, sidecar));
  const exitCode = await sidecar.stop();
  report({ kind: 'ended', exitCode, diagnostics: sidecar.diagnostics });
}

async function start(): Promise<Sidecar | undefined> {
  try {
    return await Sidecar.start({ MEMWARDEN_CAPTURE_HOOK: values.hook }, prefix);
  } catch (error) {
    report({ kind: 'refused', reason: messageOf(error) });
    return undefined;
  }
}

async function reportOf(scenario: Scenario, running: Sidecar): Promise<Report> {
  const { name } = scenario;
  const missing = missingNeed(scenario);
  if (missing !== undefined) return { kind: 'skipped', name, reason: missing };
  try {
    return { kind: 'observed', name, observation: await observe(scenario, running) };
  } catch (error) {
    return { kind: 'broken', name, reason: messageOf(error) };
  }
}

async function benignReportOf(program: BenignProgram, running: Sidecar): Promise<Report> {
  const { name } = program;
  const missing = missingPrograms(program);
  if (missing.length > 0) return { kind: 'skipped', name, reason: `needs ${missing.join(', ')}` };
  try {
    const high = await highRecordsOf(running, program);
    return { kind: 'benign', name, high: high.map(({ body }) => body) };
  } catch (error) {
    return { kind: 'broken', name, reason: messageOf(error) };
  }
}

function report(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
