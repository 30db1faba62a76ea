import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isMap, isScalar } from 'yaml';
import { parseYaml, textOf } from '../../../src/yaml/yaml-text.ts';

/** The first fault of a text as a compiler would print it. */
function fault(text: string | Buffer): string {
  const [first] = parseYaml(Buffer.from(text)).faults;
  return first === undefined ? 'none' : `${first.line}:${first.column}: ${first.reason}`;
}

/** Ten aliases of the level below on each level: 10^20 nodes when they are all followed. */
function billionLaughs(): string {
  const levels = Array.from({ length: 20 }, (_, level) => {
    const entries = Array(10).fill(level === 0 ? 'lol' : `*l${level - 1}`);
    return `k${level}: &l${level} [${entries.join(',')}]\n`;
  });
  return levels.join('');
}

/** Hostile texts: each costs the library minutes, unbounded memory, or a stack overflow. */
const HOSTILE: readonly (readonly [name: string, text: string | Buffer, fault: RegExp])[] = [
  ['an alias of nothing', 'a: 1\nb: *nope\n', /^2:4: \*nope is not defined/],
  ['an alias within its own anchor', 'a: &a [*a]\n', /^1:8: \*a is not defined/],
  ['an alias as a key', 'a: &a b\n*a : c\n', /^2:1: a key must be a text/],
  ['aliases of aliases', billionLaughs(), /^5:\d+: aliases stand for more than/],
  [
    'many aliases of one long list',
    `a: &a [${'x,'.repeat(20_000)}]\nb: [${'*a,'.repeat(20_000)}]`,
    /^2:\d+: aliases stand for more than/,
  ],
  [
    'more keys than anybody reads',
    Array.from({ length: 80_000 }, (_, i) => `k${i}: 1\n`).join(''),
    /^\d+:\d+: it has more than \d+ marks/,
  ],
  ['deep lists', '['.repeat(100_000), /^1:\d+: it has more than 64 levels/],
  ['deep mappings', 'a: {'.repeat(100_000), /^1:\d+: it has more than 64 levels/],
  ['deep block lists', '- '.repeat(100_000), /^1:\d+: it has more than 64 levels/],
  [
    'deep indentation',
    Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
    /^6\d:\d+: it has more than 64/,
  ],
  ['a NUL', 'a: x\nb: \0\n', /^2:4: character U\+0000/],
  ['an escape sequence', 'a: \u001b[2J\n', /^1:4: character U\+001B/],
  ['a C1 control character', 'a: \u009b2J\n', /^1:4: character U\+009B/],
  [
    'bytes that are not UTF-8',
    Buffer.from([0x61, 0x3a, 0x0a, 0x62, 0x3a, 0xff]),
    /^2:3: the text is not UTF-8/,
  ],
  ['UTF-16', Buffer.from('\ufeffa: 1', 'utf16le'), /^1:1: the text is not UTF-8/],
  ['several documents', 'a: 1\n---\nb: 2\n', /^2:1: it has several documents/],
  ['a key that is there twice', 'a: 1\nb: 2\na: 3\n', /^3:1: Map keys must be unique: a/],
  ['a number and a text that are one key', '1: a\n"1": b\n', /^2:1: Map keys must be unique: 1/],
  ['a list as a key', '? [a]\n: b\n', /^1:\d: a key must be a text/],
  ['a tag of its own', 'a: !ruby/object x\n', /^1:4: Unresolved tag/],
  ['a tag of another language', 'a: !!js/function x\n', /^1:4: Unresolved tag/],
  ['a bracket that is not closed', 'a: [\n', /^2:1: /],
];

describe('a YAML text is refused with its line and column', () => {
  for (const [name, text, expected] of HOSTILE) {
    test(name, () => assert.match(fault(text), expected));
  }
});

test('an empty text, one of comments, and one with a byte order mark are no faults', () => {
  assert.equal(parseYaml(Buffer.from('')).contents, undefined);
  assert.deepEqual(parseYaml(Buffer.from('# nothing yet\n')).faults, []);
  assert.deepEqual(parseYaml(Buffer.from('\ufeffa: 1\n')).contents?.toJSON(), { a: 1 });
});

test('a scalar is the text that was written, whatever YAML would make of it', () => {
  const written = [
    '0123',
    '1_000',
    '0x1f',
    '0o17',
    '1e3',
    '1.10',
    '.inf',
    '.nan',
    'yes',
    'on',
    'True',
    '2026-11-25',
    '9007199254740993',
  ];
  for (const head of ['', '%YAML 1.1\n---\n']) {
    const { contents } = parseYaml(Buffer.from(head + written.map((text, i) => `k${i}: ${text}\n`).join('')));
    assert.ok(isMap(contents));
    const read = contents.items.map(({ value }) => (isScalar(value) ? textOf(value) : 'no scalar'));
    assert.deepEqual(read, written);
  }
});

test('an alias refers to the last anchor of its name before it', () => {
  const yaml = parseYaml(Buffer.from('a: &x 1\nb: &x 2\nc: *x\n'));
  assert.deepEqual(yaml.faults, []);
  assert.ok(isMap(yaml.contents));
  const [, , last] = yaml.contents.items;
  assert.ok(last?.value);
  const target = yaml.resolve(last.value);
  assert.ok(isScalar(target));
  assert.equal(textOf(target), '2');
});
