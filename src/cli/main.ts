#!/usr/bin/env node
import { oldNodeMessage } from './node-version.ts';

const message = oldNodeMessage(process.versions.node);
if (message === undefined) {
  // only now: what it imports does not exist in an older Node.js, and would fail before any word of ours
  const { runProgram } = await import('./program.ts');
  process.exitCode = await runProgram(process.argv.slice(2), process.env);
} else {
  process.stderr.write(`memwarden: ${message}\n`);
  process.exitCode = 1;
}
