import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { buildAttacks } from '../live/attack.ts';
import { ancestorsOf, type ConsoleRecord, numberOf } from '../live/console-record.ts';
import { whyNotLive } from '../live/requirements.ts';
import { Sidecar } from '../live/sidecar.ts';
import { type BenignProgram, benignPrograms } from './programs.ts';

const HIGH = 17;
const CONTROL = new URL('../attacks/build/open_mem', import.meta.url).pathname;

function isMissing(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    return false;
  } catch {
    // `command -v` says no by its exit code
    return true;
  }
}

/** Runs a program to its end and returns the HIGH records about it and its children. */
async function highRecordsOf(
  sidecar: Sidecar,
  { name, command: [file, ...args], exitCodes = [0] }: BenignProgram,
): Promise<readonly ConsoleRecord[]> {
  const from = sidecar.records.length;
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code, signal] = await once(child, 'exit');
  assert.ok(exitCodes.includes(code), `${name} ended with ${signal ?? code}: ${errors.slice(-1000)}`);
  await sidecar.fence();
  return sidecar.records
    .slice(from)
    .filter(record => record.severityNumber >= HIGH)
    .filter(record => [numberOf(record, 'process.pid'), ...ancestorsOf(record)].includes(child.pid));
}

describe('benign programs on a live kernel', { skip: whyNotLive() }, () => {
  let sidecar: Sidecar;

  before(async () => {
    buildAttacks();
    sidecar = await Sidecar.start();
    await sidecar.fence();
  });

  after(() => sidecar?.stop());

  test('an attack in their place is told as HIGH', async () => {
    const high = await highRecordsOf(sidecar, { name: 'control', command: [CONTROL], needs: [] });
    assert.deepEqual(
      high.map(({ eventName }) => eventName),
      ['proc_mem_access'],
    );
  });

  for (const program of benignPrograms) {
    test(`${program.name} is never told as HIGH`, async t => {
      const missing = program.needs.filter(isMissing);
      if (missing.length > 0) return t.skip(`needs ${missing.join(', ')}`);
      const high = await highRecordsOf(sidecar, program);
      assert.deepEqual(
        high.map(({ body }) => body),
        [],
      );
    });
  }
});
