import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Its arguments are a count and a pause in seconds. */
export const STORM = fileURLToPath(new URL('../attacks/open_storm.py', import.meta.url));

/** Opens one victim's memory `count` times. Returns the pid of the opener, which has ended. */
export function storm(count: number): number {
  return JSON.parse(execFileSync('python3', [STORM, String(count)], { encoding: 'utf8' })).actor_pid;
}
