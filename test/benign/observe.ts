import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ancestorsOf, type ConsoleRecord, numberOf } from '../live/console-record.ts';
import { isOnPath } from '../live/is-on-path.ts';
import type { Sidecar } from '../live/sidecar.ts';
import type { BenignProgram } from './programs.ts';

const HIGH = 17;

/** A program that is required and that this machine lacks. */
export function missingPrograms({ needs }: BenignProgram): readonly string[] {
  return needs.filter(program => !isOnPath(program));
}

/** Runs a program to its end and returns the HIGH records about it and its children. Throws when it fails. */
export async function highRecordsOf(
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
