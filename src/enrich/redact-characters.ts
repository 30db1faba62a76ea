export const BACKSLASH = 0x5c;
export const APOSTROPHE = 0x27;
/** Most backslashes before a quote: a bound on what is looked at more than once. */
const ESCAPES_MAX = 7;

/** Classes of characters, as bits. */
/** Of a name: `db-password`, `ghp_x`. */
export const NAME = 1;
export const BLANK = 2;
/** Ends a value that is not quoted. */
export const VALUE_END = 4;
/** Of tokens, base64 included. */
export const TOKEN = 8;
/** The same without padding, behind which another name may begin. */
export const RANDOM = 128;
export const URL_END = 16;
/** Between commands in shell text. */
export const OPERATOR = 32;
export const QUOTE = 64;
const ASCII_SIZE = 128;
const CLASSES = new Uint8Array(ASCII_SIZE);

function classify(bit: number, ...members: readonly string[]): void {
  for (const [...characters] of members)
    for (const character of characters) {
      const code = character.charCodeAt(0);
      CLASSES[code] = (CLASSES[code] ?? 0) | bit;
    }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const SPACE = ' \t\n\r\f\v\0';
classify(NAME, LETTERS, '_.-');
classify(BLANK, SPACE);
classify(VALUE_END, SPACE, ',;&}<>');
classify(TOKEN, LETTERS, '_.-~+/=%');
classify(RANDOM, LETTERS, '_.-~+/%');
classify(URL_END, SPACE, '"\'`<>');

classify(OPERATOR, '|&;\n()');
classify(QUOTE, '"\'`');

export function isClass(text: string, at: number, bit: number): boolean {
  const code = text.charCodeAt(at);
  // NaN behind the end; an index outside of the array would be slow
  return code < ASCII_SIZE && ((CLASSES[code] ?? 0) & bit) !== 0;
}

/** First position from `at` on, and before `end`, that is not of a class. */
export function skip(text: string, at: number, bit: number, end = text.length): number {
  let next = at;
  while (next < end && isClass(text, next, bit)) next++;
  return next;
}

export function skipTo(text: string, at: number, bit: number): number {
  let next = at;
  while (next < text.length && !isClass(text, next, bit)) next++;
  return next;
}

export function isQuote(text: string, at: number): boolean {
  return isClass(text, at, QUOTE);
}

/** Behind the closing quote of the one at `at`; the end of the text where it is not closed. */
export function afterQuote(text: string, at: number): number {
  const quote = text.charCodeAt(at);
  for (let next = at + 1; next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code === BACKSLASH && quote !== APOSTROPHE) next++;
    else if (code === quote) return next + 1;
  }
  return text.length;
}

/** The same for a quote with backslashes before it: `{\"password\":\"x\"}`. Undefined where there is none. */
export function afterEscapedQuote(text: string, at: number): number | undefined {
  const opening = escapedQuote(text, at);
  if (opening === undefined) return undefined;
  const closing = text.indexOf(opening, at + opening.length);
  return closing < 0 ? text.length : closing + opening.length;
}

/** Backslashes and the quote behind them at `at`. */
export function escapedQuote(text: string, at: number): string | undefined {
  let end = at;
  while (end - at < ESCAPES_MAX && text.charCodeAt(end) === BACKSLASH) end++;
  return end > at && isQuote(text, end) ? text.slice(at, end + 1) : undefined;
}
