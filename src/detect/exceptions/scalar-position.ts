import type { Scalar } from 'yaml';

/**
 * Offset in a YAML text of a character of a scalar's value, so that an error inside the value can be shown where the
 * user wrote it. Exact but for quoted scalars with escapes, where it may be a little to the left.
 */
export function offsetOfScalarCharacter(yaml: string, scalar: Scalar, offset: number): number {
  const [start = 0, end = 0] = scalar.range ?? [];
  let from = start;
  if (scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED') from = yaml.indexOf('\n', start) + 1;
  if (scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE') from += 1;

  // Folding puts one blank, and literal style one line feed, in place of a line's end and the next line's indentation.
  let left = offset;
  let lineStart = from;
  for (const line of yaml.slice(from, end).split('\n')) {
    const isFirst = lineStart === from && from === start;
    const indentation = isFirst ? 0 : (/^ */.exec(line)?.[0].length ?? 0);
    const length = line.length - indentation;
    if (left <= length) return lineStart + indentation + left;
    left -= length + 1;
    lineStart += line.length + 1;
  }
  return end;
}
