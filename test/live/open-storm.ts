import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Takes a count and a pause in seconds; see there. */
export const STORM = fileURLToPath(new URL('../attacks/open_storm.py', import.meta.url));

/** Opens one victim's memory `count` times; returns the pid that did it, which is gone then. */
export function storm(count: number): number {
  return JSON.parse(execFileSync('python3', [STORM, String(count)], { encoding: 'utf8' })).actor_pid;
}
