/** Started by lifecycle.test.ts: the signal handling of `run` around a service that only prints what is called. */
import { EventEmitter, once } from 'node:events';
import { runUntilSignal } from '../../../src/service/lifecycle.ts';
import { standardError } from '../../../src/standard-streams/standard-error.ts';

const [, , ending, fault] = process.argv;

/** Errors that nobody catches, by how they come about. */
const FAULTS: Readonly<Record<string, () => void>> = {
  timer: () => {
    throw new Error('broken timer');
  },
  promise: () => {
    Promise.reject(new Error('broken promise'));
  },
  emitter: () => {
    new EventEmitter().emit('error', new Error('broken emitter'));
  },
  text: () => {
    throw 'broken text';
  },
};

// the clock advances only at the test's request: no delay of a busy machine turns a signal's echo into a second request
let nowMillis = 0;
performance.now = () => nowMillis;

process.exitCode = await runUntilSignal(async () => {
  // a pipeline holds the process alive; so does this
  const alive = setInterval(() => {}, 1_000);
  if (fault !== undefined) process.once('SIGUSR2', () => setImmediate(FAULTS[fault] ?? (() => {})));
  return {
    hooks: new Map([
      ['file_open', 'lsm'],
      ['ptrace', 'fentry'],
    ]),
    reload: () => {
      standardError.write('reloaded\n');
    },
    stop: async () => {
      // the listener is there before the test reads that it may send the signal
      const reported = once(process, 'SIGUSR2');
      standardError.write('flushing\n');
      if (ending === 'throws') setImmediate(FAULTS['timer'] ?? (() => {}));
      if (ending === 'hangs') {
        await reported;
        nowMillis += 60_000;
        standardError.write('a minute later\n');
      }
      if (ending === 'hangs' || ending === 'throws') await new Promise(() => {});
      if (ending === 'waits') await reported;
      standardError.write('flushed\n');
      clearInterval(alive);
      return true;
    },
  };
});
