import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = 'src/cli/main.ts';

/** Recorded on real kernels: the incident of the README, and one act for each event (docs/events.md). */
const RECORDINGS = ['docs/incident.jsonl', 'docs/examples.jsonl'];

/** Stands for the name of the host, which a recording does not have. */
const HOST_NAME = 'build-host-1';

/**
 * What `memwarden` prints to stdout.
 * @throws Error with what the command wrote to stderr when it fails
 */
export function runMemwarden(words: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    cwd: ROOT,
    input,
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      FORCE_COLOR: '1',
      OTEL_RESOURCE_ATTRIBUTES: `host.name=${HOST_NAME}`,
    },
  });
  if (status !== 0) throw new Error(`failed to run memwarden ${words.join(' ')}: ${stderr}`);
  return stdout;
}

/** The records of both recordings, as the console exporter prints them: one JSON object a line. */
export function exampleRecords(...flags: readonly string[]): string {
  return RECORDINGS.map(recording =>
    runMemwarden(['replay', recording, '--exporter', 'console', ...flags]),
  ).join('');
}
