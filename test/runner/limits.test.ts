import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COMMANDS } from './commands.ts';

/** Of continuous integration, which says nothing of what it has ended itself. */
const LIMIT_SECONDS = 90 * 60;
/** For packages, checks, and the build before the tests. */
const SET_UP_SECONDS = 3 * 60;

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The commands that a script runs, those of the scripts that it runs included. */
function commandsOf(script: string): string[] {
  return scripts[script].split(' && ').flatMap((line: string) => {
    const inner = /^npm run (\S+)$/.exec(line)?.[1];
    if (inner !== undefined) return commandsOf(inner);
    return /^node test\/runner\/main\.ts (.+)$/.exec(line)?.[1] ?? [];
  });
}

test('what npm test runs ends by itself before continuous integration ends it', () => {
  const names = commandsOf('test');
  assert.deepEqual(names, ['unit', 'live', 'e2e', 'boot', 'vm-ci', 'fresh-demo']);
  const seconds = names.reduce((sum, name) => sum + (COMMANDS[name]?.commandSeconds ?? Infinity), 0);
  assert.ok(seconds + SET_UP_SECONDS < LIMIT_SECONDS, `${seconds} s`);
});

test('of tests, a file has no more time than its command, and a test no more than its file', () => {
  for (const [name, { testSeconds = 0, fileSeconds = Infinity, commandSeconds }] of Object.entries(
    COMMANDS,
  )) {
    if (testSeconds === 0) continue;
    assert.ok(2 * testSeconds <= fileSeconds && fileSeconds <= commandSeconds, name);
  }
});
