import { printable, quoted } from './printable.ts';

/** Depth of the chain of causes that is printed. */
const CAUSES_MAX = 4;

/**
 * An unexpected error in lines: message, stack frames, causes. A message may contain an attacker's text, which cannot pass
 * for a stack frame.
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

/** The same in one line, with the innermost stack frame only. */
export function summarizeError(error: unknown): string {
  const [words = '', place] = describeError(error);
  return place === undefined ? words : `${words} (${place.trim()})`;
}

/** The stack frames of an error, one a line; its message cannot add one. */
export function framesOf(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  // the stack begins with the message, which may have lines that look like frames
  const start = error.stack.indexOf(error.message) + error.message.length;
  const frames = error.stack.slice(start).split('\n');
  return frames.filter(line => /^\s+at /.test(line)).map(line => printable(line));
}
