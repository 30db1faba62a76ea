import type { BenignProgram } from '../benign/programs.ts';
import { judge, type Observation } from '../live/judge.ts';
import type { Scenario } from '../live/scenario.ts';
import { type BootResult, boot, type Job } from './boot.ts';
import type { CellResult, TestResult } from './cell-result.ts';
import { guestArchives } from './initramfs.ts';
import { findKernel, type Kernel } from './kernels.ts';
import type { Cell } from './matrix.ts';
import { isReported } from './refusal.ts';
import type { Report } from './report.ts';
import { provideHostPrograms } from './requirements.ts';

/** An attack, or something harmless that must not look like one. */
export type Case = Scenario | BenignProgram;

/** A boot takes 5 to 25 s, an attack about a quarter of a second; the rest is for a host with other things to do. */
const TIMEOUT_MILLIS = 420_000;

/**
 * Boots one cell, runs the cases in it, and checks their records. A failure in the guest is a result, not an error.
 * @throws Error when the programs for the guest cannot be built
 */
export async function runCell(cell: Cell, cases: readonly Case[]): Promise<CellResult> {
  let kernel: Kernel;
  try {
    provideHostPrograms(cell.architecture);
    kernel = findKernel(cell.series, cell.architecture, cell.pageKiB);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      cell: cell.id,
      release: undefined,
      status: 'unavailable',
      reason,
      hooks: {},
      tests: [],
      millis: 0,
    };
  }
  const end = await boot(kernel, guestArchives(cell.architecture), jobOf(cell, cases));
  const reports = parseReports(end.output);
  const tests = cases.map(one => testResult(cell, one, reports));
  const { status, reason } = verdict(cell, end, reports, tests);
  return {
    cell: cell.id,
    release: kernel.release,
    status,
    reason,
    hooks: reports.find(report => report.kind === 'ready')?.hooks ?? {},
    tests: reports.some(report => report.kind === 'ready') ? tests : [],
    millis: end.millis,
  };
}

function jobOf({ condition, hook }: Cell, cases: readonly Case[]): Job {
  const words = [
    ...['node', 'test/vm/guest/suite.ts', '--hook', hook],
    ...cases.flatMap(({ name }) => ['--case', name]),
    ...['--', ...(condition?.sidecarPrefix ?? [])],
  ];
  return {
    prepare: condition?.prepare ?? '',
    kernelWords: condition?.kernelWords ?? [],
    run: `exec ${words.map(quoted).join(' ')}\n`,
    timeoutMillis: TIMEOUT_MILLIS,
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Undefined for a line that a panic has cut short: its case then fails for lack of a result. */
function parseReports(output: string): Report[] {
  const reports: Report[] = [];
  for (const line of output.split('\n')) {
    if (!line.startsWith('{')) continue;
    try {
      reports.push(JSON.parse(line));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return reports;
}

function testResult(cell: Cell, one: Case, reports: readonly Report[]): TestResult {
  const { name } = one;
  const reported = reports.find(report => 'name' in report && report.name === name);
  switch (reported?.kind) {
    case 'observed':
      if ('expect' in one) return checked(cell, one, reported.observation);
      break;
    case 'benign':
      return { name, status: reported.high.length === 0 ? 'pass' : 'fail', reasons: reported.high };
    case 'skipped':
      return { name, status: 'skip', reasons: [reported.reason] };
    case 'broken':
      return { name, status: 'fail', reasons: [reported.reason] };
  }
  return { name, status: 'fail', reasons: ['the guest did not get to it'] };
}

function checked({ condition, limits }: Cell, scenario: Scenario, observation: Observation): TestResult {
  const { name } = scenario;
  const expect = scenario.expect.map(expectation => ({
    ...expectation,
    attributes: { ...condition?.attributes, ...expectation.attributes },
  }));
  const { status, reasons } = judge({ ...scenario, expect }, observation);
  const limit = limits.find(({ scenarios }) => scenarios.test(name));
  // a kernel limit can only hide records; a wrong or surplus one is a fault of the sidecar
  if (status === 'fail' && limit !== undefined && reasons.every(reason => reason.startsWith('no ')))
    return { name, status: 'limit', reasons: [limit.reason] };
  return { name, status, reasons };
}

function verdict(
  { ending }: Cell,
  end: BootResult,
  reports: readonly Report[],
  tests: readonly TestResult[],
): Pick<CellResult, 'status' | 'reason'> {
  if (end.failure !== undefined) return { status: 'failed', reason: end.failure };
  const refused = reports.find(report => report.kind === 'refused');
  if (refused !== undefined) {
    const status = 'cause' in ending && isReported(ending, refused.reason) ? 'refused' : 'failed';
    return { status, reason: refused.reason };
  }
  const ready = reports.find(report => report.kind === 'ready');
  const ended = reports.find(report => report.kind === 'ended');
  if (ready === undefined || ended === undefined)
    return { status: 'failed', reason: 'the suite did not end' };
  const hook = 'hook' in ending ? ending.hook : 'refused';
  if (ready.hooks['file_open'] !== hook) {
    const reason = `file_open=${ready.hooks['file_open']}, not ${hook}\n${ended.diagnostics}`;
    return { status: 'failed', reason };
  }
  if (ended.exitCode !== 0)
    return { status: 'failed', reason: `exit ${ended.exitCode} on SIGTERM\n${ended.diagnostics}` };
  const failed = tests.filter(({ status }) => status === 'fail').length;
  return failed === 0
    ? { status: 'passed', reason: undefined }
    : { status: 'failed', reason: `${failed} of ${tests.length} cases\n${ended.diagnostics}` };
}
