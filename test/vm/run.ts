/**
 * `npm run test:vm`: boots the cells of the kernel matrix, or runs one command in a guest; README.md beside this file has
 * the options. Results are reported by node:test, a case a test.
 */
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseArgs } from 'node:util';
import { benignPrograms } from '../benign/programs.ts';
import { scenarios } from '../live/scenarios.ts';
import type { CellResult, TestResult } from './cell-result.ts';
import { exec } from './exec.ts';
import { type Cell, titleOf } from './matrix.ts';
import { reportedRefusal } from './refusal.ts';
import { keepResult } from './results.ts';
import { runCell } from './run-cell.ts';
import { selectCells } from './selection.ts';

const { values } = parseArgs({
  options: {
    cell: { type: 'string', multiple: true },
    kernel: { type: 'string', multiple: true },
    arch: { type: 'string', multiple: true },
    page: { type: 'string', multiple: true },
    hook: { type: 'string', multiple: true },
    condition: { type: 'string', multiple: true },
    filter: { type: 'string' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    exec: { type: 'string' },
    append: { type: 'string', default: '' },
    timeout: { type: 'string', default: '120' },
    log: { type: 'boolean', default: false },
  },
});

// a signal alone would skip the listeners of `exit`, by which guests end and their files go
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

if (values.exec !== undefined) await runCommand(values.exec);
else await runMatrix();

/** In one guest a kernel and architecture; amd64 without a condition unless said otherwise. */
async function runCommand(command: string): Promise<void> {
  const cells = selectCells({
    kernel: values.kernel,
    arch: values.arch ?? ['amd64'],
    page: values.page ?? ['4'],
    hook: ['auto'],
    condition: values.condition ?? ['none'],
  });
  for (const cell of cells) {
    const passed = await exec(cell, command, {
      kernelWords: values.append.split(' ').filter(word => word !== ''),
      timeoutMillis: Number(values.timeout) * 1000,
      log: values.log,
    });
    if (!passed) process.exitCode = 1;
  }
}

async function runMatrix(): Promise<void> {
  const { cell: id, kernel, arch, page, hook, condition } = values;
  const cells = selectCells({ cell: id, kernel, arch, page, hook, condition });
  const filter = new RegExp(values.filter ?? '');
  const wanted = [...scenarios, ...benignPrograms].filter(({ name }) => filter.test(name));
  if (wanted.length === 0) throw new Error(`failed to choose cases: --filter ${values.filter} matches none`);
  if (values.list) {
    for (const cell of cells) console.log(`${cell.id}: ${titleOf(cell)}`);
    for (const { name } of wanted) console.log(`  ${name}`);
    return;
  }
  const results: CellResult[] = [];
  for (const cell of cells) {
    await test(titleOf(cell), async t => {
      const result = await runCell(cell, wanted);
      results.push(result);
      // only a whole suite is a result of the cell
      if (values.filter === undefined) keepResult(result);
      if (result.status === 'unavailable') return t.skip(result.reason);
      for (const one of result.tests) await t.test(one.name, s => report(one, s));
      if (result.status === 'failed') throw failure(result.reason ?? '');
      t.diagnostic(summaryOf(cell, result));
    });
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
}

function report({ status, reasons }: TestResult, t: { skip(reason: string): void }): void {
  if (status === 'skip') t.skip(reasons.join('; '));
  else if (status === 'limit') t.skip(`kernel limit: ${reasons.join('; ')}`);
  else if (status === 'fail') throw failure(reasons.join('\n'));
}

/** Without a stack: what failed is in the guest, not here. */
function failure(message: string): Error {
  const error = new Error(message);
  error.stack = message;
  return error;
}

function summaryOf(cell: Cell, { release, status, reason, hooks, millis }: CellResult): string {
  const seconds = `${Math.round(millis / 1000)} s`;
  const reported = reportedRefusal(reason ?? '');
  if (status === 'refused' && reported !== undefined)
    return `${release}: ${cell.hook} is refused, as it must be (${seconds}): ${reported.answer}; the advice: ${reported.advice}`;
  const inUse = Object.entries(hooks).map(([capability, hook]) => `${capability}=${hook}`);
  return `${release}: ${inUse.join(' ')} (${seconds})`;
}
