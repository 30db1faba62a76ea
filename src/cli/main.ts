#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { startClean } from '../launcher/clean-start.ts';
import { oldNodeMessage } from './node-version.ts';

startClean();
// libuv has four threads by default. The wait for the ring buffer, writes to files that hang and name lookups each occupy
// one, and must not have to wait for each other.
process.env['UV_THREADPOOL_SIZE'] = '8';

// objects live for one event or for the whole run: a young generation that grows to 16 MiB and more would only stay resident
setFlagsFromString('--semi-space-growth-factor=1');

const LONG_MILLIS = 2 ** 31 - 1;

const message = oldNodeMessage(process.versions.node);
if (message === undefined) {
  // imported only now: these modules need APIs that an older Node.js lacks, and would fail before the message below
  const { guardStandardStreams } = await import('../standard-streams/guard.ts');
  const guard = guardStandardStreams();
  const { prepareOutput, runProgram } = await import('./program.ts');
  const { endProcess } = await import('../service/end-process.ts');
  prepareOutput();
  // deadlines alone do not keep the process alive: without this, waiting for what never settles would end with Node's status 13
  setInterval(() => undefined, LONG_MILLIS);
  const status = await runProgram(process.argv.slice(2), process.env);
  await endProcess(() => (guard.hasOutputFailed && status === 0 ? 1 : status));
} else {
  process.stderr.write(`memwarden: ${message}\n`);
  process.exitCode = 1;
}
