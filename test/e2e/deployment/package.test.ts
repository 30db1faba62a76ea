import assert from 'node:assert/strict';
import { execFileSync, execSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Why the package cannot be built and installed on this machine, for `skip`. */
function whyNoPackage(): string | false {
  for (const command of ['clang --version', 'npm view commander version']) {
    try {
      execSync(command, { stdio: 'ignore' });
    } catch {
      return `needs ${command} to answer`;
    }
  }
  return false;
}

describe('the npm package', { skip: whyNoPackage() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'memwarden-package-'));
  const run = (program: string, ...words: string[]): string =>
    execFileSync(program, words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const memwarden = (...words: string[]) => run('npx', '--no-install', 'memwarden', ...words);

  before(() => {
    const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // the output of the npm scripts comes before it
    const [archive] = JSON.parse(packed.slice(packed.lastIndexOf('\n[') + 1));
    assert.equal(typeof archive.filename, 'string');
    run('npm', 'init', '--yes');
    run('npm', 'install', join(folder, archive.filename));
  });
  after(() => rmSync(folder, { recursive: true }));

  test('runs in an empty folder, as JavaScript', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    assert.equal(memwarden('--version').trim(), version);
    assert.match(memwarden('signatures'), /^TRC-1023 +proc_mem_access /m);
  });

  test('brings kernel programs for both architectures', () => {
    for (const architecture of ['x86', 'arm64']) {
      const path = join(folder, `node_modules/memwarden/bpf/build/memwarden-${architecture}.bpf.o`);
      assert.equal(readFileSync(path).subarray(1, 4).toString(), 'ELF');
    }
  });

  test('ignores variables of Node.js in the environment', () => {
    const bin = join(folder, 'node_modules/.src/launcher/memwarden');
    const env = {
      PATH: process.env['PATH'],
      NODE_OPTIONS: '--require=/does/not/exist',
      NODE_DEBUG: 'module',
    };
    const { status, stderr } = spawnSync(bin, ['signatures'], { cwd: folder, encoding: 'utf8', env });
    assert.deepEqual([status, stderr], [0, '']);
  });

  test('finds its kernel programs and exceptions where it was installed', () => {
    const objectPath = memwarden('config', 'show').match(/objectPath: (.*)/)?.[1] ?? '';
    assert.ok(objectPath.startsWith(join(folder, 'node_modules/memwarden/bpf/build/')), objectPath);
    memwarden('exceptions', 'check', join(folder, 'node_modules/memwarden/config/exceptions.yaml'));
  });
});
