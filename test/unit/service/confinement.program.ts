/** Started by confinement.test.ts: confines itself, prints the result, and waits to be ended. */
import { readFile } from 'node:fs/promises';
import { confine } from '../../../src/service/confinement/confine.ts';

const [, , folder] = process.argv;

// libuv starts its threads with the first work for them
await readFile('/proc/self/status');
const { kept, threads, unconfinedThreads } = confine(folder);
process.stdout.write(
  `${JSON.stringify({ kept: kept.map(({ name }) => name), threads, unconfinedThreads })}\n`,
);
process.stdin.resume();
