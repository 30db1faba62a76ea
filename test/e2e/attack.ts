import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Act, parseGroundTruth } from '../live/act.ts';

const PROGRAMS = new URL('../attacks/build/', import.meta.url);

/**
 * Runs an attack program that does one act, and returns its report.
 *
 * @throws Error when it fails, or cannot do its act on this machine.
 */
export async function attack(program: string, ...args: readonly string[]): Promise<Act> {
  const { stdout } = await promisify(execFile)(new URL(program, PROGRAMS).pathname, args);
  const { acts, skip } = parseGroundTruth(stdout);
  const [act] = acts;
  if (act === undefined) throw new Error(`${program} did nothing: ${skip ?? stdout}`);
  return act;
}
