import type { Scalar } from 'yaml';

/**
 * Offset in a YAML text of a character of a scalar's value, so that an error inside of the value can be shown where the
 * user wrote it. Exact except for quoted scalars with escapes, where it can be a little too far to the left.
 */
export function offsetOfScalarCharacter(yaml: string, scalar: Scalar, offset: number): number {
  const [start = 0, end = 0] = scalar.range ?? [];
  const isBlock = scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED';
  const isQuoted = scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE';
  const from = isBlock ? yaml.indexOf('\n', start) + 1 : start + (isQuoted ? 1 : 0);
  const lines = yaml.slice(from, end).split('\n');

  // In the value a line end is one character, and the indentation of the next line is removed: all of it, or in a block
  // scalar as much as the first line has.
  const blockIndentation = /^ */.exec(lines[0] ?? '')?.[0].length ?? 0;
  let left = offset;
  let lineStart = from;
  for (const [number, line] of lines.entries()) {
    const blanks = /^ */.exec(line)?.[0].length ?? 0;
    const indentation = isBlock ? Math.min(blanks, blockIndentation) : number === 0 ? 0 : blanks;
    const length = line.length - indentation;
    if (left <= length) return lineStart + indentation + left;
    left -= length + 1;
    lineStart += line.length + 1;
  }
  return end;
}
