import { printable, quoted } from './printable.ts';

/** Causes of causes that are shown. */
const CAUSES_MAX = 4;

/**
 * An error that nobody expected, in lines: what it says, the places it went through, what caused it. The places are of
 * this program; the words may be anybody's, and cannot pretend to be a place.
 */
export function describeError(error: unknown): readonly string[] {
  const lines: string[] = [];
  let current = error;
  for (let depth = 0; depth <= CAUSES_MAX && current !== undefined; depth++) {
    const words = current instanceof Error ? `${current.name}: ${current.message}` : String(current);
    lines.push(`${depth === 0 ? '' : '  caused by '}${quoted(words)}`, ...framesOf(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return lines;
}

/** The same in one line, with the innermost place alone. */
export function summarizeError(error: unknown): string {
  const [words = '', place] = describeError(error);
  return place === undefined ? words : `${words} (${place.trim()})`;
}

/** The places that an error went through, as lines of its stack; its message cannot add one. */
export function framesOf(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  // the message comes first in the stack, and may look like one
  const start = error.stack.indexOf(error.message) + error.message.length;
  const frames = error.stack.slice(start).split('\n');
  return frames.filter(line => /^\s+at /.test(line)).map(line => printable(line));
}
