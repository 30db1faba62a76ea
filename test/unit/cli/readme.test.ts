import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { loadSettings } from '../../../src/config/index.ts';
import { withGeneratedParts } from '../../../src/setup/readme.ts';

const root = new URL('../../../', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, root), 'utf8');

it('README.md says of signatures, exit status and settings what the code says (npm run docs)', () => {
  assert.equal(textOf('README.md'), withGeneratedParts(textOf('README.md')));
});

it('README.md has a reason for every dependency', () => {
  const { dependencies } = JSON.parse(textOf('package.json'));
  const reasons = textOf('README.md').matchAll(/^\| `([^`]+)` \| .{10,} \|$/gm);
  const patterns = [...reasons].map(([, name = '']) => name.replace('*', ''));
  for (const name of Object.keys(dependencies)) {
    assert.ok(
      patterns.some(pattern => (pattern.endsWith('/') ? name.startsWith(pattern) : name === pattern)),
      `${name} is not in the table of dependencies`,
    );
  }
});

it('config/memwarden.yaml is a valid file', () => {
  assert.ok(loadSettings({ file: new URL('config/memwarden.yaml', root).pathname }));
});
