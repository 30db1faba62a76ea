import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesGlob } from '../../../../src/detect/exceptions/glob.ts';

const MATCHES: readonly (readonly [pattern: string, path: string])[] = [
  ['/usr/bin/gdb', '/usr/bin/gdb'],
  ['/usr/bin/*', '/usr/bin/python3.11'],
  ['/usr/bin/*', '/usr/bin/.hidden'],
  ['/usr/**', '/usr/lib/jvm/bin/java'],
  ['/usr/**/java', '/usr/java'],
  ['/usr/**/java', '/usr/lib/jvm/17/bin/java'],
  ['/a/?/c', '/a/b/c'],
  ['/a/[bc]d', '/a/cd'],
  ['/a/[!bc]d', '/a/xd'],
  ['/a/[]]d', '/a/]d'],
  ['/a/[-b]d', '/a/-d'],
  ['/a/[!-b]d', '/a/0d'],
  ['/a/[0-9]', '/a/7'],
  ['/usr/{local/,}bin/{node,deno*}', '/usr/bin/node'],
  ['/usr/{local/,}bin/{node,deno*}', '/usr/local/bin/deno-1'],
  ['/a/[b', '/a/[b'],
  ['/a/{b', '/a/{b'],
  ['/a(b)+.c^$|', '/a(b)+.c^$|'],
  ['', ''],
];

const MISSES: readonly (readonly [pattern: string, path: string])[] = [
  ['/usr/bin/*', '/usr/bin/x/y'],
  ['/usr/bin/*', '/opt/usr/bin/x'],
  ['/usr/bin/gdb', '/usr/bin/gdb2'],
  ['/usr/bin/gdb', '/tmp/usr/bin/gdb'],
  ['/usr/**/java', '/usr/xjava'],
  ['/a/?/c', '/a///c'],
  ['/a/[!b]', '/a//'],
  ['/a/[!-b]d', '/a/-d'],
  ['/a/[z-a]d', '/a/zd'],
  ['/a.c', '/abc'],
  ['/usr/{local/,}bin/node', '/usr/localbin/node'],
  ['', '/'],
];

test('a pattern matches whole paths of its form', () => {
  for (const [pattern, path] of MATCHES) assert.equal(matchesGlob(path, pattern), true, `${pattern} ${path}`);
});

test('a pattern matches no other path', () => {
  for (const [pattern, path] of MISSES) assert.equal(matchesGlob(path, pattern), false, `${pattern} ${path}`);
});

// Symptom: as a regular expression, each star tried every way to share out the path with the others; this took for ever.
test('many stars on a long path cost no more than their number times its length', () => {
  const path = `/${'a'.repeat(4_096)}`;
  for (const part of ['**a', '*a', '**/*a', '{*,**}a', '**[a]', '*?'])
    assert.equal(matchesGlob(path, `/${part.repeat(30)}b`), false);
  assert.equal(matchesGlob(`/${'a/'.repeat(2_048)}b`, `/${'**/'.repeat(30)}b`), true);
});
