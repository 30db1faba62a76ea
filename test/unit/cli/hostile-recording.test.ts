import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { crc32, gzipSync } from 'node:zlib';
import { memwarden, type Outcome } from './cli.ts';

const EXAMPLES = fileURLToPath(new URL('../../../docs/examples.jsonl', import.meta.url));
const RULES = fileURLToPath(new URL('../../../config/exceptions.yaml', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'memwarden-hostile-'));
after(() => rmSync(folder, { recursive: true }));

function fileWith(content: string | Buffer): string {
  const path = join(folder, 'hostile.jsonl');
  writeFileSync(path, content);
  return path;
}

/** A good recording whose first event was changed, with a checksum that is right. */
function withEvent(change: (event: Record<string, unknown>) => unknown): string {
  const [header, first = '', ...rest] = readFileSync(EXAMPLES, 'utf8').split('\n');
  const text = JSON.stringify(change(JSON.parse(first).event));
  const crc = crc32(text).toString(16).padStart(8, '0');
  return fileWith([header, `{"crc":"${crc}","event":${text}}`, ...rest].join('\n'));
}

function fifo(): string {
  const path = join(folder, 'fifo');
  rmSync(path, { force: true });
  execFileSync('mkfifo', [path]);
  return path;
}

function directory(): string {
  const path = join(folder, 'directory');
  mkdirSync(path, { recursive: true });
  return path;
}

function link(): string {
  const path = join(folder, 'link');
  rmSync(path, { force: true });
  symlinkSync(EXAMPLES, path);
  return path;
}

const FILES: readonly (readonly [name: string, make: () => string, said: RegExp])[] = [
  ['no text at all', () => fileWith(''), /line 1: it is no recording/],
  ['gzip', () => fileWith(gzipSync(readFileSync(EXAMPLES))), /line 1: it is no recording/],
  ['zeros', () => fileWith(Buffer.alloc(2_000_000)), /it is no recording/],
  [
    'a line of 100 MB',
    () => fileWith(Buffer.concat([readFileSync(EXAMPLES), Buffer.alloc(100_000_000, 'x')])),
    /line \d+ (has more than|comes after)/,
  ],
  [
    'a wrong type',
    () => withEvent(event => ({ ...event, timeNs: 5 })),
    /line 2 has no valid event: event\.timeNs/,
  ],
  [
    'a number that is too large',
    () => withEvent(event => ({ ...event, sequence: '9'.repeat(30) })),
    /line 2 .*event\.sequence/,
  ],
  [
    'a kind that is unknown',
    () => withEvent(event => ({ ...event, kind: 'proc_mem_erase' })),
    /line 2 .*event\.kind/,
  ],
  ['no event', () => withEvent(() => null), /line 2 .*event is not a record/],
  ['a directory', directory, /EISDIR/],
  ['a FIFO that nobody writes to', fifo, /it is a FIFO, not a regular file/],
  ['a device without end', () => '/dev/zero', /it is a device, not a regular file/],
];

function assertRefused({ status, stderr }: Outcome, said: RegExp): void {
  assert.equal(status, 2, stderr.slice(0, 2000));
  assert.match(stderr.replaceAll(/\s+/g, ' '), said);
  assert.doesNotMatch(stderr, /unexpectedly/);
}

describe('memwarden replay ends with status 2 and the reason for a recording that is', () => {
  for (const [name, make, said] of FILES) {
    test(name, () => assertRefused(memwarden(['replay', make(), '--exporter', 'console']), said));
  }
});

test('memwarden exceptions test ends with status 2 and the reason, too', () => {
  const tested = (file: string) => memwarden(['exceptions', 'test', RULES, '--record', file]);
  assertRefused(tested(fifo()), /it is a FIFO, not a regular file/);
  assertRefused(tested(withEvent(() => null)), /line 2 .*event is not a record/);
});

test('memwarden tail --from waits for no FIFO either', () => {
  const { status, stderr } = memwarden(['tail', '--from', fifo()]);
  assert.equal(status, 2);
  assert.match(stderr, /it is a FIFO, not a regular file/);
});

test('a recording may be named by a link', () => {
  assert.equal(memwarden(['replay', link(), '--exporter', 'console']).status, 0);
});
