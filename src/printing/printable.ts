import { escapeText } from './escape.ts';
import { maskUrls } from './mask.ts';
import { withoutSecrets } from './secrets.ts';

/** Longest foreign text that a message quotes, characters. */
const QUOTED_MAX = 500;
/** Longest message, characters. */
const MESSAGE_MAX = 4_000;

/**
 * A text for one line of output: without secrets, with control characters escaped, at most `most` characters of it.
 * Everything that is printed goes through here. Idempotent.
 */
export function printable(text: string, most = MESSAGE_MAX): string {
  // masked before it is cut: half of a secret would not be recognised
  return escapeText(cut(withoutSecrets(maskUrls(text)), most));
}

/** A foreign text, to be quoted in a message. */
export function quoted(text: string): string {
  return printable(text, QUOTED_MAX);
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  return `${kept}… (${text.length - kept.length} more characters)`;
}

/** JSON, on one line or indented, with control characters escaped also where JSON allows them. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).split('\n').map(escapeText).join('\n');
}
