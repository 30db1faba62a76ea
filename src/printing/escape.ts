/**
 * Characters that control a terminal or log viewer, or that a reader cannot see: controls (C0, DEL, C1), format characters
 * (direction marks, tags, zero-width), line and paragraph separators, lone surrogates, and default-ignorable code points.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
/** Runs of anything but printable ASCII: a cheap first pass, which most texts have none of. */
const UNUSUAL = /[^ -~]+/g;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text with each such character as JSON and YAML write it, `\n` or `\u001b`: a JSON text stays the same value. */
export function escapeText(text: string): string {
  return text.replace(UNUSUAL, run => run.replace(UNPRINTABLE, escaped));
}

/** Escapes a text except where it matches `kept`. */
export function escapeBut(kept: RegExp, text: string): string {
  let result = '';
  let end = 0;
  for (const { 0: match, index } of text.matchAll(kept)) {
    result += escapeText(text.slice(end, index)) + match;
    end = index + match.length;
  }
  return result + escapeText(text.slice(end));
}

function escaped(character: string): string {
  return SHORT[character] ?? character.split('').map(codeUnit).join('');
}

function codeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
