import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accessModeOf,
  decodeOpenFlags,
  translateOpenFlags,
} from '../../../../src/detect/kernel-names/open-flags.ts';

test('the access mode comes first, then every flag by name', () => {
  assert.equal(decodeOpenFlags(0, 'x64'), 'O_RDONLY');
  assert.equal(decodeOpenFlags(0o2000000, 'x64'), 'O_RDONLY|O_CLOEXEC');
  assert.equal(decodeOpenFlags(0o1 | 0o100 | 0o1000, 'x64'), 'O_WRONLY|O_CREAT|O_TRUNC');
  assert.equal(decodeOpenFlags(0o2 | 0o2000 | 0o4000, 'x64'), 'O_RDWR|O_APPEND|O_NONBLOCK');
  assert.equal(decodeOpenFlags(3, 'x64'), 'O_ACCMODE');
});

test('of a flag that contains another only the larger one is named', () => {
  assert.equal(decodeOpenFlags(0o4010000, 'x64'), 'O_RDONLY|O_SYNC');
  assert.equal(decodeOpenFlags(0o10000, 'x64'), 'O_RDONLY|O_DSYNC');
  assert.equal(decodeOpenFlags(0o2 | 0o20200000, 'x64'), 'O_RDWR|O_TMPFILE');
  assert.equal(decodeOpenFlags(0o2 | 0o20040000, 'arm64'), 'O_RDWR|O_TMPFILE');
});

test('arm64 has its own values of four flags', () => {
  const values = [0o40000, 0o100000, 0o200000, 0o400000];
  assert.deepEqual(
    values.map(value => decodeOpenFlags(value, 'x64')),
    ['O_RDONLY|O_DIRECT', 'O_RDONLY|O_LARGEFILE', 'O_RDONLY|O_DIRECTORY', 'O_RDONLY|O_NOFOLLOW'],
  );
  assert.deepEqual(
    values.map(value => decodeOpenFlags(value, 'arm64')),
    ['O_RDONLY|O_DIRECTORY', 'O_RDONLY|O_NOFOLLOW', 'O_RDONLY|O_DIRECT', 'O_RDONLY|O_LARGEFILE'],
  );
});

test('bits without a name are shown as a number', () => {
  assert.equal(decodeOpenFlags(0x4000000 | 0x80000000 | 1, 'x64'), 'O_WRONLY|0x84000000');
});

test('the fourth access mode is neither reading nor writing', () => {
  assert.deepEqual([0, 1, 2, 3].map(accessModeOf), ['read', 'write', 'read_write', undefined]);
  assert.equal(accessModeOf(0o100), 'read');
});

test('flags keep their names on another architecture', () => {
  const flags = 0o2 | 0o100000 | 0o200000 | 0o2000000;
  const translated = translateOpenFlags(flags, 'x64', 'arm64');
  assert.equal(
    decodeOpenFlags(translated, 'arm64').split('|').sort().join('|'),
    decodeOpenFlags(flags, 'x64').split('|').sort().join('|'),
  );
  assert.equal(translateOpenFlags(translated, 'arm64', 'x64'), flags);
  assert.equal(translateOpenFlags(0o2 | 0o20200000, 'x64', 'arm64'), 0o2 | 0o20040000);
  assert.equal(translateOpenFlags(flags, 'x64', 'x64'), flags);
});
