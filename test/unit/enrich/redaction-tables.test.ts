import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { HARMLESS_LINES } from './harmless-lines.ts';
import { HARMLESS, SECRETS } from './redaction-cases.ts';
import { FORMS, SECRET } from './redaction-forms.ts';

const FOLDER = fileURLToPath(new URL('../../../src/enrich', import.meta.url));
const ENTRY = 'redact.ts';
const FILES = [
  ENTRY,
  'redact-argument.ts',
  'redact-characters.ts',
  'redact-options.ts',
  'redact-tokens.ts',
  'secret-name.ts',
];

/** A row of a table: a quoted word, an array that begins with one, or an object, on one line or several. */
const ROW = /^( *)(?:'[^']{2,}',|\['.*\],|\{ program.*\},|\{\n(?:\1 {2}.*\n)+\1\},)(?: \/\/.*)?\n/gm;
/** The words of a set or of an array in a row, on one line. */
const LIST = /(?:new Set\(\[|(?:programs|options): \[)([^\]\n]*, [^\]\n]*)\]/g;
const ELEMENT = /'[^']+'(?:, )?/g;

type Redact = (args: readonly string[]) => string[];

/** Whether all cases are redacted as expected. */
function isRight(redact: Redact): boolean {
  const redacted = (line: string) => redact(line.split(' | ')).join(' | ');
  return (
    SECRETS.every(([, given, reported]) => redacted(given) === reported) &&
    HARMLESS.every(([, same]) => redacted(same) === same) &&
    HARMLESS_LINES.every(same => redacted(same) === same) &&
    FORMS.every(form => !redacted(form).includes(SECRET))
  );
}

/** The redaction function from a folder with a copy of the sources. */
async function load(folder: string): Promise<Redact> {
  const module: { redactArguments: Redact } = await import(pathToFileURL(join(folder, ENTRY)).href);
  return module.redactArguments;
}

/** Every row, and every word in a row, as offset and text. */
function partsOf(text: string): { readonly index: number; readonly part: string }[] {
  const rows = [...text.matchAll(ROW)].map(({ index, 0: part }) => ({ index, part }));
  const words = [...text.matchAll(LIST)].flatMap(({ index, 0: whole, 1: list = '' }) => {
    const start = index + whole.indexOf(list);
    return [...list.matchAll(ELEMENT)].map(({ index: at, 0: part }) => ({ index: start + at, part }));
  });
  return [...rows, ...words];
}

/** Files with tables, and how many parts they have at least. */
const TABLES: readonly (readonly [file: string, parts: number])[] = [
  ['redact-argument.ts', 20],
  ['redact-options.ts', 80],
  ['redact-tokens.ts', 70],
  ['secret-name.ts', 80],
];

for (const [file, least] of TABLES) {
  test(`every row of the tables of ${file} is necessary to some case`, async t => {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const parts = partsOf(text);
    assert.ok(parts.length >= least, `only ${parts.length} are found: the tables have another form`);
    const unnoticed: string[] = [];
    for (const { index, part } of parts) {
      // a new folder for each, since a module is loaded once per path
      const folder = temporaryDirectory(t);
      for (const other of FILES) copyFileSync(join(FOLDER, other), join(folder, other));
      writeFileSync(join(folder, file), text.slice(0, index) + text.slice(index + part.length));
      if (isRight(await load(folder))) unnoticed.push(part.trim());
    }
    assert.deepEqual(unnoticed, []);
  });
}

test('the unchanged tables pass all cases', async () => {
  assert.ok(isRight(await load(FOLDER)));
});
