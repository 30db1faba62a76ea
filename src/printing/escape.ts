/**
 * Characters that control a terminal or log viewer, or that a reader cannot see: controls (C0, DEL, C1), format characters
 * (direction marks, tags, zero-width), line and paragraph separators, lone surrogates, and default-ignorable code points.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;
/** Anything but printable ASCII, which most texts have none of. */
const UNUSUAL = /[^ -~]/;
/** Most characters of which is known what becomes of them. */
const KNOWN_MAX = 4_096;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text with each such character as JSON and YAML write it, `\n` or `\u001b`: a JSON text stays the same value. */
export function escapeText(text: string): string {
  let at = text.search(UNUSUAL);
  if (at < 0) return text;
  let result = '';
  let done = 0;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    const end = at + (code > 0xffff ? 2 : 1);
    const shown = code >= 0x20 && code < 0x7f ? '' : escapeOf(code);
    if (shown !== '') {
      result += text.slice(done, at) + shown;
      done = end;
    }
    at = end;
  }
  return result + text.slice(done);
}

/** By code point: its escape, empty where it needs none. A text of an attacker may consist of nothing else. */
const known = new Map<number, string>();

function escapeOf(code: number): string {
  let shown = known.get(code);
  if (shown === undefined) {
    const character = String.fromCodePoint(code);
    shown = UNPRINTABLE.test(character) ? escaped(character) : '';
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(code, shown);
  }
  return shown;
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
