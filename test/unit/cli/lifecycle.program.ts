/** Started by lifecycle.test.ts: the signal handling of `run` around a pipeline that does nothing but tell. */
import { runUntilSignal } from '../../../src/cli/lifecycle.ts';

const stopsAtOnce = process.argv[2] === 'stops';

process.exitCode = await runUntilSignal(async () => {
  // a pipeline holds the process alive; so does this
  const alive = setInterval(() => {}, 1_000);
  return {
    hooks: new Map([
      ['file_open', 'lsm'],
      ['ptrace', 'fentry'],
    ]),
    reload: () => {
      process.stderr.write('reloaded\n');
    },
    stop: async () => {
      process.stderr.write('flushing\n');
      if (!stopsAtOnce) await new Promise(() => {});
      process.stderr.write('flushed\n');
      clearInterval(alive);
    },
  };
});
