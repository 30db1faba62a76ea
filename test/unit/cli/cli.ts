import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** As the launcher starts it, and quickly. */
export const NODE_OPTIONS: readonly string[] = [
  '--disable-sigusr1',
  `--import=${new URL('../../runner/compile-cache.ts', import.meta.url)}`,
];

/** Of the caller's environment only PATH may reach the program. */
const BASE_ENVIRONMENT = { PATH: process.env['PATH'] };

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command line to its end. */
export function memwarden(args: readonly string[], env: NodeJS.ProcessEnv = {}): Outcome {
  return spawnSync(process.execPath, [...NODE_OPTIONS, MAIN, ...args], {
    encoding: 'utf8',
    env: { ...BASE_ENVIRONMENT, ...env },
    timeout: 60_000,
  });
}

/** As an ordinary user without any capability; needs root to become one. */
export function memwardenAsNobody(args: readonly string[], env: NodeJS.ProcessEnv = {}): Outcome {
  return spawnSync(
    'setpriv',
    ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, ...NODE_OPTIONS, MAIN, ...args],
    {
      encoding: 'utf8',
      env: { ...BASE_ENVIRONMENT, ...env },
      timeout: 60_000,
    },
  );
}
