#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { startClean } from '../launcher/clean-start.ts';
import { oldNodeMessage } from './node-version.ts';

startClean();
// libuv has four threads by default: the wait for the ring buffer, files that hang and names that are looked up
// must not take each other's place
process.env['UV_THREADPOOL_SIZE'] = '8';

// objects here live for a moment or for long: a young generation that grows to its 16 MiB and more would only stay resident
setFlagsFromString('--semi-space-growth-factor=1');

const LONG_MILLIS = 2 ** 31 - 1;

const message = oldNodeMessage(process.versions.node);
if (message === undefined) {
  // only now: what it imports does not exist in an older Node.js, and would fail before any word of ours
  const { guardStandardStreams } = await import('../standard-streams/guard.ts');
  const guard = guardStandardStreams();
  const { prepareOutput, runProgram } = await import('./program.ts');
  const { endProcess } = await import('../service/end-process.ts');
  prepareOutput();
  // deadlines alone do not keep the process alive: without this, waiting for what never settles would end with Node's status 13
  setInterval(() => undefined, LONG_MILLIS);
  const status = await runProgram(process.argv.slice(2), process.env);
  await endProcess(() => (guard.isOutputLost && status === 0 ? 1 : status));
} else {
  process.stderr.write(`memwarden: ${message}\n`);
  process.exitCode = 1;
}
