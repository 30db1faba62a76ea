import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);
const BOTH = 'Apache-2.0 AND GPL-2.0-only';

function text(name: string): string {
  return readFileSync(new URL(name, ROOT), 'utf8');
}

function npm(...words: string[]): string {
  return execFileSync('npm', words, {
    cwd: fileURLToPath(ROOT),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const sources = readdirSync(new URL('bpf/', ROOT), { encoding: 'utf8', recursive: true }).filter(
  name => /\.([ch]|sh)$/.test(name) && !name.startsWith('build/'),
);

test('the whole text of the GPL, version 2, is beside the files that name it', () => {
  const licence = text('bpf/LICENSE');
  assert.match(licence, /GNU GENERAL PUBLIC LICENSE\s+Version 2, June 1991/);
  assert.match(licence, /END OF TERMS AND CONDITIONS/);
  assert.ok(sources.length > 15);
  for (const name of sources) {
    assert.match(
      text(`bpf/${name}`).split('\n').slice(0, 2).join('\n'),
      /SPDX-License-Identifier: GPL-2\.0-only\b/,
      name,
    );
  }
});

test('the npm package has the source of the kernel programs, what builds them, and both licences', () => {
  // without the scripts, which would compile for a minute and choose nothing
  const [packed] = JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts')) as [
    { files: { path: string }[] },
  ];
  const files = new Set(packed.files.map(({ path }) => path));
  for (const name of ['LICENSE', 'bpf/LICENSE', ...sources.map(name => `bpf/${name}`)]) {
    assert.ok(files.has(name), `${name} is not in the package`);
  }
  assert.equal(JSON.parse(text('package.json')).license, BOTH);
});

test('the image names both licences, and is given both texts and the source', () => {
  const dockerfile = text('Dockerfile');
  assert.match(dockerfile, new RegExp(`org\\.opencontainers\\.image\\.licenses="${BOTH}"`));
  assert.match(dockerfile, /^COPY bpf\/ bpf\/$/m);
  assert.match(dockerfile, /cp -a .*\bLICENSE\b.*\bbpf\b.* \/image\/opt\/memwarden\//);
  const context = text('.dockerignore').split('\n');
  for (const kept of ['!bpf', '!LICENSE']) assert.ok(context.includes(kept), kept);
});

test('the bill of materials names the licence of the kernel programs', t => {
  const version = npm('--version').trim();
  if (Number.parseInt(version, 10) < 10) return t.skip(`npm ${version} has no sbom`);
  const bom = JSON.parse(npm('run', '--silent', 'sbom'));
  const objects = bom.components.filter(({ name }: { name: string }) => name.endsWith('.bpf.o'));
  assert.ok(objects.length > 0);
  for (const { licenses } of objects) assert.deepEqual(licenses, [{ license: { id: 'GPL-2.0-only' } }]);
  assert.deepEqual(bom.metadata.component.licenses, [{ expression: BOTH }]);
});
