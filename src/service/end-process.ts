import type { Writable } from 'node:stream';
import { standardError } from '../standard-streams/standard-error.ts';

/** Longest time to wait until the last messages are read, ms. */
const LAST_MESSAGES_MILLIS = 500;

/** Names in `process.getActiveResourcesInfo` of calls that occupy a thread of libuv's pool until they return. */
const POOL_CALLS: ReadonlySet<string> = new Set([
  'FSReqCallback',
  'FSReqPromise',
  'GetAddrInfoReqWrap',
  'GetNameInfoReqWrap',
]);

/**
 * Flushes stdout and stderr and ends the process. Sockets, timers and requests that are left would keep it for minutes.
 * @param status called after the flush, whose failure may change it
 */
export async function endProcess(status: () => number): Promise<never> {
  // without a deadline: as in any other program, what was printed waits for its reader
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  // a failed write emits its error in the next turn of the event loop, where guard.ts prints it
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
