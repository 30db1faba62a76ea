/**
 * `npm run test:live:flooded [-- FILE…]`: the live tests, twice, beside a generator of 20,000 foreign events a second and
 * ten processes that keep the CPUs busy. A test passes, or is skipped with the measured reason.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { total } from '../runner/total.ts';
import { buildAttacks } from './attack.ts';

const FLOOD = fileURLToPath(new URL('../attacks/build/flood', import.meta.url));
const RUNNER = fileURLToPath(new URL('../runner/main.ts', import.meta.url));

const EVENTS_PER_SECOND = 20_000;
const BUSY_PROCESSES = 10;
const ROUNDS = 2;
/** The generator ends itself at these limits, if it is not stopped. */
const SECONDS_MAX = 4 * 3_600;
const EVENTS_MAX = EVENTS_PER_SECOND * SECONDS_MAX;

/** One run of the live tests. @returns its result, as a line */
async function round(files: readonly string[]): Promise<{ passed: boolean; line: string }> {
  const words = [EVENTS_PER_SECOND, SECONDS_MAX, EVENTS_MAX].map(String);
  const flood = spawn(FLOOD, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = text(flood.stdout);
  await once(flood, 'spawn');
  const tests = spawn(process.execPath, [RUNNER, 'live', ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
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

buildAttacks();
const busy = Array.from({ length: BUSY_PROCESSES }, () =>
  spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
);
const rounds: { passed: boolean; line: string }[] = [];
for (let i = 0; i < ROUNDS; i++) rounds.push(await round(process.argv.slice(2)));
for (const process of busy) process.kill('SIGKILL');
for (const { line } of rounds) console.log(line);
process.exitCode = rounds.every(({ passed }) => passed) ? 0 : 1;
