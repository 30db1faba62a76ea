import assert from 'node:assert/strict';
import { it } from 'node:test';
import { oldNodeMessage } from '../../../src/cli/node-version.ts';

it('accepts the Node.js that package.json asks for, and newer ones', () => {
  for (const version of ['22.18.0', '22.19.1', '23.0.0', process.versions.node]) {
    assert.equal(oldNodeMessage(version), undefined, version);
  }
});

it('refuses an older one and names the one that came along', () => {
  for (const version of ['18.20.4', '20.20.2', '22.17.9']) {
    assert.match(oldNodeMessage(version) ?? '', /this is Node\.js .*\ntry: .*node_modules\/node\/bin\/node /);
  }
});
