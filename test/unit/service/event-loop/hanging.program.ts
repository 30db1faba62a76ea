/** Started by hang-watchdog.test.ts: an event loop that hangs in one of several ways, with the watchdog over it. */
import { readFileSync } from 'node:fs';
import { StopWatchdog } from '../../../../src/service/stop-watchdog/stop-watchdog.ts';

const [, , way = '', hangMillis = '', fifo = ''] = process.argv;

const watchdog = new StopWatchdog();
watchdog.onError(error => {
  throw error;
});
watchdog.started(Number(hangMillis));

const TURNS = 4;

/** Work in turns of some CPU time each, as a busy sidecar has it. */
function work(turns: number): void {
  const end = process.cpuUsage().user + 200_000;
  while (process.cpuUsage().user < end);
  if (turns > 0) setImmediate(work, turns - 1);
  else process.stdout.write('done\n');
}

const WAYS: Readonly<Record<string, () => void>> = {
  blocks: () => readFileSync(fifo),
  spins: () => {
    for (;;);
  },
  lives: () => {},
  works: () => {
    process.once('SIGUSR2', () => work(TURNS));
  },
};

process.on('SIGUSR2', () => process.stdout.write('alive\n'));
process.on('SIGTERM', () => process.exit(0));
setInterval(() => {}, 1_000);
process.stdout.write('begins\n', () => WAYS[way]?.());
