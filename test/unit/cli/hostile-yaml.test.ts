import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { MAIN, NODE_OPTIONS } from './cli.ts';

/** CPU time limit, many times what a command needs; the library alone takes minutes for some of these files. */
const CPU_SECONDS = 10;
const HANG_MILLIS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'memwarden-hostile-'));
after(() => rmSync(folder, { recursive: true }));

function fileWith(text: string | Buffer): string {
  const path = join(folder, 'hostile.yaml');
  writeFileSync(path, text);
  return path;
}

/** The real command, killed by the kernel when it has used up its time on a CPU. */
function memwarden(...args: string[]): { status: number | null; stderr: string } {
  const limited = `ulimit -t ${CPU_SECONDS}; exec "$@"`;
  return spawnSync('sh', ['-c', limited, 'sh', process.execPath, ...NODE_OPTIONS, MAIN, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
    timeout: HANG_MILLIS,
  });
}

const keys = (count: number) => Array.from({ length: count }, (_, i) => `unknown${i}: 1\n`).join('');
const laughs = Array.from(
  { length: 12 },
  (_, i) => `k${i}: &l${i} [${Array(10).fill(i === 0 ? 'x' : `*l${i - 1}`)}]\n`,
).join('');

const FILES: readonly (readonly [name: string, make: () => string])[] = [
  ['an unknown alias', () => fileWith('telemetry: *nope\n')],
  ['an alias bomb', () => fileWith(laughs)],
  ['20,000 unknown keys', () => fileWith(keys(20_000))],
  ['400,000 unknown keys', () => fileWith(keys(400_000))],
  ['100,000 open brackets', () => fileWith('['.repeat(100_000))],
  ['10 MB', () => fileWith(`a: ${'x'.repeat(10_000_000)}\n`)],
  ['NUL bytes', () => fileWith(Buffer.alloc(4096))],
  [
    'a sparse gigabyte',
    () => {
      const path = join(folder, 'sparse.yaml');
      const file = openSync(path, 'w');
      ftruncateSync(file, 2 ** 30);
      closeSync(file);
      return path;
    },
  ],
  [
    'a directory',
    () => {
      const path = join(folder, 'directory');
      mkdirSync(path, { recursive: true });
      return path;
    },
  ],
  [
    'a FIFO that nobody writes to',
    () => {
      const path = join(folder, 'fifo');
      rmSync(path, { force: true });
      execFileSync('mkfifo', [path]);
      return path;
    },
  ],
  ['a device without end', () => '/dev/zero'],
];

for (const command of [
  ['config', 'validate'],
  ['exceptions', 'check'],
]) {
  describe(`memwarden ${command.join(' ')} ends with status 2, a place, and a short message for`, () => {
    for (const [name, make] of FILES) {
      test(name, () => {
        const path = make();
        const { status, stderr } = memwarden(...command, path);
        assert.equal(status, 2, stderr.slice(0, 2000));
        assert.match(stderr, new RegExp(`${path}:\\d+:\\d+\\W`));
        assert.doesNotMatch(stderr, /unexpectedly|\n +at /);
        assert.ok(stderr.split('\n').length < 20, `${stderr.split('\n').length} lines`);
      });
    }
  });
}

test('of many unknown keys the first ten are named, and the others counted', () => {
  const { status, stderr } = memwarden('config', 'validate', fileWith(keys(5000)));
  assert.equal(status, 2);
  assert.match(stderr, /5000 settings are wrong\n/);
  assert.match(stderr, /unknown9 /);
  assert.doesNotMatch(stderr, /unknown10 /);
  assert.match(stderr, /… and 4990 more/);
});
