import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { GENERATED, regenerated } from '../../../scripts/docs.ts';
import { loadSettings } from '../../../src/config/index.ts';
import { ECS, MEMWARDEN, OTEL } from '../../../src/telemetry/record/attributes.ts';

const root = new URL('../../../', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, root), 'utf8');

for (const page of Object.keys(GENERATED)) {
  it(`${page} says what the code says (npm run docs)`, async () => {
    assert.equal(textOf(page), await regenerated(page));
  });
}

it('docs/events.md has every attribute, and names no other', () => {
  const prose = textOf('docs/events.md').replace(/<!-- begin.*<!-- end/s, '');
  const names = [OTEL, ECS, MEMWARDEN].flatMap(group => Object.values<string>(group));
  for (const name of names) assert.ok(prose.includes(`\`${name}\``), `${name} is missing`);
  for (const [, name = ''] of prose.matchAll(
    /`((?:memwarden|process|security_rule|threat)\.[a-z_0-9.]+)`/g,
  )) {
    assert.ok(name === 'memwarden.events_lost' || names.includes(name), `${name} is no attribute`);
  }
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
