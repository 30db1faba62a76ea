import { escapeText } from './escape.ts';
import { maskUrls } from './mask.ts';
import { withoutSecrets } from './secrets.ts';

/** What somebody else wrote takes no more room than this in a message of ours, characters. */
const QUOTED_MAX = 500;
/** A message of ours, with what it quotes, characters. */
const MESSAGE_MAX = 4_000;

/**
 * A text, whoever wrote parts of it, as it may stand in one line: no secret, no character that does anything, not longer
 * than `most`. Everything that is printed goes through here, and doing it twice changes nothing.
 */
export function printable(text: string, most = MESSAGE_MAX): string {
  // masked first: half of a secret could not be recognised
  return escapeText(cut(withoutSecrets(maskUrls(text)), most));
}

/** What somebody else wrote, as it may be quoted in a message. */
export function quoted(text: string): string {
  return printable(text, QUOTED_MAX);
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  return `${kept}… (${text.length - kept.length} more characters)`;
}

/** A JSON text of one line, or with an indent of several, that is ASCII wherever a character could do anything. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).split('\n').map(escapeText).join('\n');
}
