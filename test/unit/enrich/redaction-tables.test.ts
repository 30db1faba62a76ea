import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { HARMLESS, SECRETS } from './redaction-cases.ts';

const FOLDER = fileURLToPath(new URL('../../../src/enrich', import.meta.url));
const ENTRY = 'redact.ts';
const FILES = [ENTRY, 'redact-argument.ts', 'secret-name.ts'];

/** A row of a table: a quoted word or format, or an object for the options of a program, on one line or several. */
const ROW = /^( *)(?:'[^']{2,}',(?: \/\/.*)?|\{ program: .*\},|\{\n(?:\1 {2}.*\n)+\1\},)\n/gm;

type Redact = (args: readonly string[]) => string[];

/** Whether all cases are redacted as expected. */
function isRight(redact: Redact): boolean {
  const cases = [
    ...SECRETS.map(([, given, reported]) => [given, reported]),
    ...HARMLESS.map(([, same]) => [same, same]),
  ];
  return cases.every(([given = '', reported = '']) => redact(given.split(' | ')).join(' | ') === reported);
}

/** The redaction function from a folder with a copy of the sources. */
async function load(folder: string): Promise<Redact> {
  const module: { redactArguments: Redact } = await import(pathToFileURL(join(folder, ENTRY)).href);
  return module.redactArguments;
}

for (const file of FILES) {
  test(`every row of the tables of ${file} is necessary to some case`, async t => {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const rows = [...text.matchAll(ROW)];
    assert.ok(rows.length >= 12, `only ${rows.length} rows are found: the tables have another form`);
    const unnoticed: string[] = [];
    for (const row of rows) {
      // a new folder for each row, since a module is loaded once per path
      const folder = temporaryDirectory(t);
      for (const other of FILES) copyFileSync(join(FOLDER, other), join(folder, other));
      writeFileSync(join(folder, file), text.slice(0, row.index) + text.slice(row.index + row[0].length));
      if (isRight(await load(folder))) unnoticed.push(row[0].trim());
    }
    assert.deepEqual(unnoticed, []);
  });
}

test('the unchanged tables pass all cases', async () => {
  assert.ok(isRight(await load(FOLDER)));
});
