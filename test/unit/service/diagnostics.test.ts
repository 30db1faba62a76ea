import assert from 'node:assert/strict';
import { it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { diagnosticLine } from '../../../src/service/diagnostics.ts';

const time = new Date('2026-01-02T03:04:05.678Z');
const line = (...words: unknown[]) => stripVTControlCharacters(diagnosticLine('warn', words, time));

it('puts the namespace of a component before its message', () => {
  assert.equal(line('capture', 'ring is full'), '2026-01-02T03:04:05.678Z WARN  capture: ring is full');
});

it('takes the first word of a bare message for no namespace', () => {
  assert.equal(line('two words', 'more'), '2026-01-02T03:04:05.678Z WARN  two words more');
  assert.equal(line('alone'), '2026-01-02T03:04:05.678Z WARN  alone');
});

it('keeps an object on the one line', () => {
  assert.match(
    line('capture', 'lost', { cpu: 1, reasons: ['full', 'late'] }),
    /lost \{ cpu: 1, reasons: \[ 'full', 'late' \] \}$/,
  );
});
