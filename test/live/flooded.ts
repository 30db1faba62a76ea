/**
 * `npm run test:live:flooded [-- FILE…]`: the live tests beside somebody else who makes 20,000 foreign events a second: twice
 * in a row, and once more with ten processes that keep the processors busy. A test passes, or is skipped with what was
 * measured. `--busy` and `--calm` make the one or the other alone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { total } from '../runner/total.ts';
import { buildAttacks } from './attack.ts';

const FLOOD = fileURLToPath(new URL('../attacks/build/flood', import.meta.url));
const RUNNER = fileURLToPath(new URL('../runner/main.ts', import.meta.url));

const EVENTS_PER_SECOND = 20_000;
const CALM_ROUNDS = 2;
const BUSY_PROCESSES = 10;
/** Bounds of the generator's own, should nobody end it. */
const SECONDS_MAX = 4 * 3_600;
const EVENTS_MAX = EVENTS_PER_SECOND * SECONDS_MAX;

/**
 * Every foreign event goes through the kernel's programs, the ring buffer and the sidecar; what is found in it is dropped
 * only then, as to print and to parse 20,000 records a second would be a test of the tests. The tests' own actors are
 * reported in full. A buffer as large as that of `Sidecar` for those that do not choose one.
 */
function environment(directory: string): Readonly<Record<string, string>> {
  const exceptions = join(directory, 'exceptions.yaml');
  const rule = { name: 'generator', when: `actor.exe == ${JSON.stringify(FLOOD)}`, action: 'drop' };
  // JSON is YAML
  writeFileSync(exceptions, JSON.stringify({ exceptions: [rule] }));
  return {
    MEMWARDEN_DETECT_EXCEPTIONS_PATH: exceptions,
    MEMWARDEN_CAPTURE_RING_BUFFER_BYTES: String(64 * 1024 * 1024),
  };
}

interface Round {
  readonly passed: boolean;
  /** What it came to. */
  readonly line: string;
}

/** One run of the live tests. */
async function round(files: readonly string[], env: NodeJS.ProcessEnv): Promise<Round> {
  const words = [EVENTS_PER_SECOND, SECONDS_MAX, EVENTS_MAX].map(String);
  const flood = spawn(FLOOD, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = text(flood.stdout);
  await once(flood, 'spawn');
  const tests = spawn(process.execPath, [RUNNER, 'live', ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const ended = once(tests, 'close');
  tests.stdout.pipe(process.stdout, { end: false });
  const output = await text(tests.stdout);
  await ended;
  const [load = 0] = loadavg();
  flood.kill('SIGTERM');
  const { events, seconds, refused } = JSON.parse((await said).split('\n').at(-2) ?? '');
  const failed = total(output, 'fail') + total(output, 'cancelled');
  const line = [
    `${total(output, 'pass')} passed, ${failed} failed, ${total(output, 'skipped')} skipped,`,
    `beside ${events} foreign events in ${seconds} s (${Math.round(events / seconds)} a second, ${refused} refused),`,
    `load ${load.toFixed(1)}`,
  ].join(' ');
  return { passed: tests.exitCode === 0, line };
}

/** The same beside processes that keep the processors busy. */
async function busyRound(files: readonly string[], env: NodeJS.ProcessEnv): Promise<Round> {
  const busy = Array.from({ length: BUSY_PROCESSES }, () =>
    spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
  );
  try {
    return await round(files, env);
  } finally {
    for (const process of busy) process.kill('SIGKILL');
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { busy: { type: 'boolean' }, calm: { type: 'boolean' } },
});
buildAttacks();
const directory = mkdtempSync(join(tmpdir(), 'memwarden-flooded-'));
const env = { ...process.env, ...environment(directory) };
const rounds: Round[] = [];
if (values.busy !== true) for (let i = 0; i < CALM_ROUNDS; i++) rounds.push(await round(positionals, env));
if (values.calm !== true) rounds.push(await busyRound(positionals, env));
rmSync(directory, { recursive: true });
for (const { line } of rounds) console.log(line);
process.exitCode = rounds.every(({ passed }) => passed) ? 0 : 1;
