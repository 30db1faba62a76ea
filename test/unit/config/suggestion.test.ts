import assert from 'node:assert/strict';
import { it } from 'node:test';
import { suggestion } from '../../../src/config/suggestion.ts';

it('suggests the nearest candidate for a slip of the finger', () => {
  assert.equal(suggestion('exporterr', ['endpoint', 'exporter']), 'exporter');
  assert.equal(suggestion('recieve', ['receive']), 'receive');
  assert.equal(suggestion('CONSOLE', ['console']), 'console');
});

it('suggests nothing when nothing is near', () => {
  assert.equal(suggestion('banana', ['exporter', 'endpoint']), undefined);
  assert.equal(suggestion('x', []), undefined);
});
