#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { startClean } from './clean-start.ts';
import { oldNodeMessage } from './node-version.ts';

startClean();

// objects here live for a moment or for long: a young generation that grows to its 16 MiB and more would only stay resident
setFlagsFromString('--semi-space-growth-factor=1');

const message = oldNodeMessage(process.versions.node);
if (message === undefined) {
  // only now: what it imports does not exist in an older Node.js, and would fail before any word of ours
  const { prepareOutput, runProgram } = await import('./program.ts');
  prepareOutput();
  process.exitCode = await runProgram(process.argv.slice(2), process.env);
} else {
  process.stderr.write(`memwarden: ${message}\n`);
  process.exitCode = 1;
}
