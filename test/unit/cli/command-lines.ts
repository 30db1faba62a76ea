import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { NODE_OPTIONS } from './cli.ts';
import { BOUNDARY, type CommandLine } from './command-lines.program.ts';

const PROGRAM = fileURLToPath(new URL('./command-lines.program.ts', import.meta.url));

/** The output of one command line, stdout before stderr. */
export type Printed = string;

/** Runs command lines as an ordinary user, so that none of them loads a program into the kernel. */
export async function runAll(lines: readonly CommandLine[]): Promise<readonly Printed[]> {
  const user =
    process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  const [command = process.execPath, ...args] = [...user, process.execPath, ...NODE_OPTIONS, PROGRAM];
  const child = spawn(command, args, {
    stdio: 'pipe',
    env: { PATH: process.env['PATH'] },
    timeout: 300_000,
    killSignal: 'SIGKILL',
  });
  child.stdin.end(JSON.stringify(lines));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const [out, err] = [partsOf(stdout), partsOf(stderr)];
  assert.equal(out.length, lines.length, stderr.slice(-2_000));
  return lines.map((_, index) => `${out[index]}${err[index]}`);
}

function partsOf(output: string): readonly string[] {
  return output.split(new RegExp(`^${BOUNDARY}\\d+\n`, 'm')).slice(1);
}
