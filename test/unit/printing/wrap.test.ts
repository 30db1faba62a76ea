import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wrap } from '../../../src/printing/wrap.ts';

const TEXT = 'node (pid 4711) opened the memory of Runner.Worker (pid 4242) for reading';

describe('wrap', () => {
  it('breaks between words and indents what continues', () => {
    assert.equal(
      wrap(TEXT, 4, 44),
      'node (pid 4711) opened the memory of\n    Runner.Worker (pid 4242) for reading',
    );
  });

  it('fills a line to the last column and no further', () => {
    const columns = 4 + TEXT.length;
    assert.equal(wrap(TEXT, 4, columns), TEXT);
    assert.equal(wrap(TEXT, 4, columns - 1).split('\n').length, 2);
  });

  it('leaves a word whole that is longer than a line', () => {
    const path = '/a'.repeat(40);
    assert.equal(wrap(`reading: ${path} twice`, 2, 60), `reading:\n  ${path}\n  twice`);
  });

  it('keeps two blanks between words', () => {
    assert.equal(wrap('proc_mem_access  node', 0, 80), 'proc_mem_access  node');
  });

  it('breaks nothing where there is no terminal, or one too narrow to read in', () => {
    assert.equal(wrap(TEXT, 0, undefined), TEXT);
    assert.equal(wrap(TEXT, 30, 50), TEXT);
  });
});
