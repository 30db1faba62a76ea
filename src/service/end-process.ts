import type { Writable } from 'node:stream';
import { standardError } from '../standard-streams/standard-error.ts';

/** Longest time that the last messages wait for a reader, ms. */
const LAST_MESSAGES_MILLIS = 500;

/** Calls that occupy a thread of libuv's pool until they return, as `process.getActiveResourcesInfo` names them. */
const POOL_CALLS: ReadonlySet<string> = new Set([
  'FSReqCallback',
  'FSReqPromise',
  'GetAddrInfoReqWrap',
  'GetNameInfoReqWrap',
]);

/**
 * Ends the process with what has been written so far: sockets, timers and requests that are left are of no use any more,
 * and some of them would keep it for minutes.
 * @param status asked when all is written, which may have failed
 */
export async function endProcess(status: () => number): Promise<never> {
  // what a command printed for a person or a pipe waits for its reader, like in any other program
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  // the error of a write is an event of the next turn, and is said there
  await new Promise(resolve => setImmediate(resolve));
  await standardError.flush(LAST_MESSAGES_MILLIS);
  return await exit(status());
}

/** Ends the process without waiting for anything. */
export async function exit(status: number): Promise<never> {
  // exit(3) waits for the threads of the pool (uv_library_shutdown): a name server or a disk that never answers keeps them
  if (process.getActiveResourcesInfo().some(name => POOL_CALLS.has(name))) {
    const { exitAtOnce } = await import('../native/libc.ts');
    exitAtOnce(status);
  }
  process.exit(status);
}

function drained(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return Promise.resolve();
  return new Promise(resolve => stream.write('', () => resolve()));
}
