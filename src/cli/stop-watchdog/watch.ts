/** The thread of StopWatchdog. It does nothing that needs the main thread, and reads no file on a disk before it must. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { DescriptorWriter } from '../../standard-streams/descriptor-writer.ts';
import { EXIT } from '../exit-codes.ts';
import { BEATS, STOP_REQUESTED } from './board.ts';

/** Longest time from the request to the end; Docker kills after ten seconds, and 8 s are promised. Milliseconds. */
const STOP_MILLIS = 7_500;
/** The same for a request that the event loop could not even take, and that was found up to two looks later. */
const UNHEARD_STOP_MILLIS = 4_500;
const LOOK_MILLIS = 1_000;
/** Longest time for the last line, ms. */
const LAST_LINE_MILLIS = 200;

const { SIGTERM, SIGINT } = constants.signals;
const STOP_SIGNALS = (1n << BigInt(SIGTERM - 1)) | (1n << BigInt(SIGINT - 1));

const board: Int32Array<SharedArrayBuffer> = workerData;
let beats = -1;

for (;;) {
  if (Atomics.wait(board, STOP_REQUESTED, 0, LOOK_MILLIS) !== 'timed-out') {
    await end(STOP_MILLIS, 'the stop took too long');
  }
  const isStuck = beats === Atomics.load(board, BEATS);
  beats = Atomics.load(board, BEATS);
  if (isStuck && isStopPending()) await end(UNHEARD_STOP_MILLIS, 'the disk or the kernel does not answer');
}

/**
 * A signal that was sent to the process while its main thread is inside of a system call that does not end stays pending.
 * Node.js cannot know of it.
 */
function isStopPending(): boolean {
  const [, pending = '0'] = /^ShdPnd:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return (BigInt(`0x${pending}`) & STOP_SIGNALS) !== 0n;
}

/** Ends the process after this time, if it has not ended by itself. */
async function end(millis: number, cause: string): Promise<void> {
  await delay(millis);
  const line = `${new Date().toISOString()} memwarden ends before everything is done: ${cause}; what was not spooled is lost\n`;
  await Promise.race([new DescriptorWriter(2).write(Buffer.from(line)), delay(LAST_LINE_MILLIS)]);
  // only now: it costs memory, and exit(3) would wait for the threads that hang
  const { exitAtOnce } = await import('../../capture/libc.ts');
  exitAtOnce(EXIT.failure);
}
