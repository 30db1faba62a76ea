import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { MemwardenError } from '../../../src/errors.ts';
import { describeError, summarizeError } from '../../../src/printing/describe-error.ts';
import { guarded } from '../../../src/printing/guard-output.ts';
import { jsonText, printable, quoted } from '../../../src/printing/printable.ts';
import { table } from '../../../src/printing/table.ts';
import { EVERY_CHARACTER, FORGED, RAW } from './hostile.ts';

const chunks = EVERY_CHARACTER.match(/.{1,400}/gs) ?? [];

test('no character of the first plane, nor a tag beyond it, comes out raw', () => {
  for (const chunk of [...chunks, '\u{e0041}\u{e007f}\u{1d173}']) {
    assert.doesNotMatch(printable(chunk), RAW);
    assert.doesNotMatch(quoted(chunk), RAW);
    assert.doesNotMatch(table(['HEAD'], [[chunk]]).replaceAll('\n', ''), RAW);
    assert.doesNotMatch(describeError(new Error(chunk)).join(''), RAW);
    assert.doesNotMatch(new MemwardenError('CONFIG_INVALID', chunk, chunk).message, RAW);
    assert.doesNotMatch(new MemwardenError('CONFIG_INVALID', chunk, chunk).hint ?? '', RAW);
    assert.doesNotMatch(guarded(chunk, process.stdout).replaceAll('\n', ''), RAW);
  }
});

test('JSON text is ASCII wherever a character could act, and the same value still', () => {
  for (const chunk of chunks) {
    const value = { [chunk]: [chunk] };
    assert.doesNotMatch(jsonText(value), RAW);
    assert.deepEqual(JSON.parse(jsonText(value)), value);
    assert.deepEqual(JSON.parse(jsonText(value, 2)), value);
  }
});

test('letters of any language, and pairs of surrogates, come out as they are', () => {
  const text = 'naïve Übergröße 日本語 עברית العربية ไทย 🙂 €';
  assert.equal(printable(text), text);
  assert.equal(jsonText(text), `"${text}"`);
});

test('a long text is cut with a mark, never in the middle of a character', () => {
  assert.equal(printable('x'.repeat(30), 10), 'xxxxxxxxxx… (20 more characters)');
  assert.equal(printable(`${'x'.repeat(9)}🙂🙂`, 10), 'xxxxxxxxx… (4 more characters)');
  assert.ok(quoted('y'.repeat(1_000_000)).length < 600);
});

test('doing it twice changes nothing', () => {
  for (const chunk of [...chunks, 'https://user:pw@host/x?y=z', 'a'.repeat(400)])
    assert.equal(printable(printable(chunk)), printable(chunk));
});

test('a line feed in a message of an error makes no line, and one between its lines does', () => {
  const error = new MemwardenError('CONFIG_INVALID', ['two are wrong', `  a${FORGED}`], `try${FORGED}`);
  assert.equal(error.message, 'two are wrong\n  a\\nFORGED');
  assert.equal(error.hint, 'try\\nFORGED');
});

test('the words of an error cannot pretend to be a place in the program', () => {
  const error = new Error('no\n    at forged (/forged.ts:1:1)', { cause: new Error(`why${FORGED}`) });
  const [words = '', ...rest] = describeError(error);
  assert.equal(words, 'Error: no\\n    at forged (/forged.ts:1:1)');
  assert.ok(rest.includes('  caused by Error: why\\nFORGED'), rest.join('\n'));
  assert.doesNotMatch(rest.join('\n'), /forged/);
  assert.match(
    summarizeError(error),
    /^Error: no\\n {4}at forged \(\/forged.ts:1:1\) \(at .*printable\.test\.ts:\d+:\d+\)?\)$/,
  );
});

test('of escape sequences only the colours in use pass the guard, and none where there are no colours', () => {
  const coloured = Object.assign(new Writable(), { isTTY: true, getColorDepth: () => 8 });
  const text = '\u001b[31mred\u001b[39m \u001b[8mhidden \u001b[2J \u009b31m \u001b]0;title\u0007';
  assert.equal(
    guarded(text, coloured),
    '\u001b[31mred\u001b[39m \\u001b[8mhidden \\u001b[2J \\u009b31m \\u001b]0;title\\u0007',
  );
  assert.doesNotMatch(guarded(text, new Writable()), RAW);
});

test('the time that a text takes grows with its length and no faster', () => {
  // each of these took a square of its length in some earlier form of the patterns: minutes for a million
  for (const part of ['?', ')', 'a', 'a:', '//', '@', ':@', '/=', '\\', '.', '%', 'http:', ' @'])
    assert.ok(quoted(`${part.repeat(1_000_000)}x`).length < 4_000);
});
