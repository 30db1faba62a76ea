import {
  afterEscapedQuote,
  afterQuote,
  BACKSLASH,
  BLANK,
  escapedQuote,
  isClass,
  isQuote,
  NAME,
  RANDOM,
  skip,
  skipTo,
  TOKEN,
  URL_END,
  VALUE_END,
} from './redact-characters.ts';
import { tokenFormatAt } from './redact-tokens.ts';
import { isSecretName, isSecretPair, mayBeSecretName } from './secret-name.ts';

/** Replaces a secret. */
export const REDACTED = '[redacted]';

/** Values that reveal nothing. */
const REVEALS_NOTHING = /^(?:true|false|yes|no|on|off|null|none|auto|ask|prompt|\d)$/i;

/** Names of a value that is a secret if it looks random, as a name or a path does not. */
const NAMES_OF_RANDOM: ReadonlySet<string> = new Set(['key', 'auth', '_auth', 'sig', 'code']);

/** Parameters of a URL that are secrets whatever they look like: `?sig=`. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set(['sig', 'auth']);

/** Headers whose value has blanks. */
const HEADERS = /(?:authorization|cookie)$/i;

/** Words before the credential in a header, also where no header is named: `Bearer …`. */
const SCHEMES: ReadonlySet<string> = new Set(['bearer', 'basic', 'negotiate', 'ntlm', 'token', 'apikey']);

/** A word, and a later one whose next word, in quotes or without, is a secret: SQL and .netrc. */
const SENTENCES: readonly (readonly [before: string, word: string, quotes?: 'quoted'])[] = [
  ['identified', 'by', 'quoted'],
  ['encrypted', 'password', 'quoted'],
  ['user', 'password', 'quoted'],
  ['role', 'password', 'quoted'],
  ['login', 'password'],
];
const WORDS_BEFORE: ReadonlySet<string> = new Set(SENTENCES.map(([before]) => before));
const WORDS_OF_SENTENCES: ReadonlySet<string> = new Set(SENTENCES.map(([, word]) => word));

/** A pair in which one field is the name, and the next one the value: `name=DB_PASSWORD,value=x`. */
const FIELDS_OF_NAMES: ReadonlySet<string> = new Set(['name', 'key', 'parameterkey']);
const FIELDS_OF_VALUES: ReadonlySet<string> = new Set(['value', 'parametervalue']);

/** Names that only a connection string begins with; in one, a value may have blanks and ends at a semicolon. */
const CONNECTION_NAMES: ReadonlySet<string> = new Set([
  'server',
  'source',
  'driver',
  'dsn',
  'uid',
  'endpoint',
]);

/** Names that the tables above are about, and numbers: bots of Telegram. */
const SPECIAL_NAMES = new RegExp(
  `(?:${[...NAMES_OF_RANDOM, ...FIELDS_OF_NAMES, ...FIELDS_OF_VALUES, ...CONNECTION_NAMES].join('|')})$|\\d{8}$`,
  'i',
);
const SHORTEST_NAME = 3;

/** Length of a user in a URL from which it is a token. */
const USER_TOKEN_MIN = 20;
/** Characters that are looked at to know whether a value looks random. */
const RANDOM_LOOK_MAX = 64;
const RANDOM_MIN = 16;
const CREDENTIAL_MIN = 8;
/** Most blanks around a separator: a bound on what is looked at more than once. */
const BLANKS_MAX = 32;

/** Whether the characters of a token at `at` look like a credential and not like words. */
function looksRandom(text: string, at: number, least: number): boolean {
  const end = skip(text, at, RANDOM, Math.min(text.length, at + RANDOM_LOOK_MAX));
  if (end - at < least) return false;
  const token = text.slice(at, end);
  if (least < RANDOM_MIN) return text.charAt(end) === '=' || /\d|[a-z][A-Z]/.test(token);
  return (/\d/.test(token) && /[a-z]/.test(token) && /[A-Z]/.test(token)) || /^[\da-f]{32}/i.test(token);
}

/**
 * One pass over a text that an attacker may have written. The position never goes back, and a rule looks ahead either at a
 * bounded number of characters or at what it then passes: the work grows with the length, whatever the text is.
 */
class Scan {
  readonly #text: string;
  #result = '';
  /** What is before it is in the result. */
  #done = 0;
  #at = 0;
  /** The open quote; empty outside of quotes. */
  #quote = '';
  /** Made when there is one: most texts have none. */
  #wordsBefore: Set<string> | undefined;
  #isConnection = false;
  /** The last field named a secret; the next one with a value has it. */
  #namesSecret = false;
  /** End of the current run without blanks, and the last `@` in it. */
  #runEnd = -1;
  #runLastAt = -1;
  #lineEnd = -1;

  constructor(text: string) {
    this.#text = text;
  }

  redacted(): string {
    const text = this.#text;
    while (this.#at < text.length) {
      if (isClass(text, this.#at, NAME)) this.#word();
      else this.#sign();
    }
    return this.#result + text.slice(this.#done);
  }

  /** Passes a character that is not of a word. */
  #sign(): void {
    const text = this.#text;
    const at = this.#at;
    this.#at += 1;
    if (text.charCodeAt(at) === BACKSLASH) {
      if (isQuote(text, at + 1)) this.#at += 1;
    } else if (isQuote(text, at)) {
      const quote = text.charAt(at);
      if (this.#quote === '') this.#quote = quote;
      else if (this.#quote === quote) this.#quote = '';
    }
  }

  #redact(start: number, end: number): void {
    this.#result += this.#text.slice(this.#done, start) + REDACTED;
    this.#done = end;
    this.#at = end;
  }

  #word(): void {
    const text = this.#text;
    const start = this.#at;
    let end = start;
    let isStart = true;
    for (; end < text.length && isClass(text, end, NAME); end++) {
      if (isStart && (this.#token(end) || this.#privateKey(end))) return;
      const code = text.charCodeAt(end);
      isStart = code === 0x2d || code === 0x2e;
    }
    this.#at = end;
    if (text.startsWith('://', end)) this.#url(end + 3);
    else if (!this.#value(start, end)) this.#wordAlone(start, end);
  }

  /** A token of a known format. */
  #token(start: number): boolean {
    const text = this.#text;
    const format = tokenFormatAt(text, start);
    if (format === undefined) return false;
    const from = start + format.prefix.length;
    const end = skip(text, from, TOKEN);
    if (end - from < format.least) return false;
    this.#redact(format.keepsPrefix ? from : start, end);
    // `AKIA…:secret`
    if (/^A[KS]IA$/.test(format.prefix) && /[:,; ]/.test(text.charAt(end))) {
      const secretEnd = skip(text, end + 1, TOKEN);
      if (secretEnd - end - 1 === 40) this.#redact(end + 1, secretEnd);
    }
    return true;
  }

  #privateKey(start: number): boolean {
    const text = this.#text;
    if (!text.startsWith('----', start)) return false;
    const head = /^-{4,5}[ +]?BEGIN[ A-Z\d+%]{1,40}KEY/.exec(text.slice(start, start + 60))?.[0];
    if (head === undefined || !head.includes('PRIVATE')) return false;
    const last = text.indexOf('END', start + head.length);
    const close = last < 0 ? -1 : text.indexOf('----', last);
    this.#redact(start, close < 0 ? text.length : skipDashes(text, close));
    return true;
  }

  /** A password, or a token in the place of a user, before the host of a URL. */
  #url(start: number): void {
    const text = this.#text;
    let slash = start;
    while (slash < text.length && text.charAt(slash) !== '/' && !isClass(text, slash, URL_END)) slash++;
    const authority = text.slice(start, slash);
    const colon = authority.indexOf(':');
    let at = authority.lastIndexOf('@');
    // what stands in the place of a port is none, so it is a password with a slash in it
    if (at < 0 && colon >= 0 && /[^\d[\]:]/.test(authority.slice(colon + 1)) && !authority.startsWith('['))
      at = this.#lastAt(start) - start;
    if (at < 0) return;
    if (colon >= 0 && colon < at) {
      if (colon >= USER_TOKEN_MIN) this.#redact(start, start + colon);
      if (colon + 1 < at) this.#redact(start + colon + 1, start + at);
    } else if (at >= USER_TOKEN_MIN) this.#redact(start, start + at);
  }

  #lastAt(start: number): number {
    if (start >= this.#runEnd) {
      this.#runEnd = skipTo(this.#text, start, URL_END);
      // in what is new of the text, not back to its beginning
      const at = this.#text.slice(start, this.#runEnd).lastIndexOf('@');
      this.#runLastAt = at < 0 ? -1 : start + at;
    }
    return this.#runLastAt;
  }

  /** The value of a name: `name=value`, `"name": value`, `<name>value<`. */
  #value(start: number, end: number): boolean {
    const text = this.#text;
    const separator = this.#separator(start, end);
    if (separator === undefined) return false;
    const { sign, from } = separator;
    if (!this.#isInteresting(start, end)) return false;
    const name = text.slice(start, end).replace(/^[^A-Za-z_]+/, '');
    const lower = name.toLowerCase();
    if (sign === '=' && CONNECTION_NAMES.has(lower.slice(lower.lastIndexOf('.') + 1)))
      this.#isConnection = true;
    if (!this.#isSecret(name, lower, start, sign, from)) {
      this.#namesSecret = FIELDS_OF_NAMES.has(lower) && isSecretName(wordAt(text, from));
      return false;
    }
    this.#namesSecret = false;
    if (text.startsWith(REDACTED, from)) {
      this.#at = from + REDACTED.length;
      return true;
    }
    const to = this.#valueEnd(name, start, separator);
    if (to === from) return false;
    if (REVEALS_NOTHING.test(text.slice(from, Math.min(to, from + 12)))) this.#at = to;
    else this.#redact(from, to);
    return true;
  }

  /** A look that decides for most names. */
  #isInteresting(start: number, end: number): boolean {
    if (end - start < SHORTEST_NAME) return false;
    const name = this.#text.slice(start, end);
    return mayBeSecretName(name) || SPECIAL_NAMES.test(name);
  }

  #isSecret(name: string, lower: string, start: number, sign: string, from: number): boolean {
    const text = this.#text;
    if (this.#namesSecret && FIELDS_OF_VALUES.has(lower)) return true;
    if (NAMES_OF_RANDOM.has(lower)) {
      if (SECRET_PARAMETERS.has(lower) && /[?&]/.test(text.charAt(start - 1))) return true;
      return looksRandom(text, isQuote(text, from) ? from + 1 : from, RANDOM_MIN);
    }
    // of a bot of Telegram
    if (sign === ':' && /\d{8}$/.test(name || text.slice(start, from - 1)))
      return /^AA[\w-]{30}/.test(text.slice(from, from + 32));
    return isSecretPair(name, text.charAt(from));
  }

  /** The separator behind a name, `=`, `":`, `=>`, `'] = `, and where the value begins. */
  #separator(start: number, end: number): { readonly sign: string; readonly from: number } | undefined {
    const text = this.#text;
    let at = end;
    const escaped = escapedQuote(text, at);
    if (escaped !== undefined) at += escaped.length;
    else if (isQuote(text, at)) at += 1;
    const isQuoted = at > end;
    if (text.charAt(at) === ']') at += 1;
    at = skip(text, at, BLANK, Math.min(text.length, at + BLANKS_MAX));
    const sign = text.charAt(at);
    if (sign === '>' && at === end && text.charAt(start - 1) === '<') return { sign, from: at + 1 };
    if (sign === '(' && at === end && isQuote(text, at + 1)) return { sign, from: at + 1 };
    if (sign !== '=' && sign !== ':') return undefined;
    at += 1;
    while (/[=>]/.test(text.charAt(at)) && at < end + BLANKS_MAX) at += 1;
    // `://` and a second colon (`a::b`) are no separators
    if (sign === ':' && (text.startsWith('//', at) || text.charAt(at) === ':')) return undefined;
    if (isQuoted && this.#quote === text.charAt(end)) this.#quote = '';
    return { sign, from: skip(text, at, BLANK, Math.min(text.length, at + BLANKS_MAX)) };
  }

  #valueEnd(name: string, start: number, { sign, from }: { sign: string; from: number }): number {
    const text = this.#text;
    const quoted = isQuote(text, from) || escapedQuote(text, from) !== undefined;
    if (sign === '>') {
      const close = text.indexOf('<', from);
      return close < 0 ? text.length : close;
    }
    if (sign === ':' && !quoted && (HEADERS.test(name) || start === 0 || text.charAt(start - 1) === '='))
      return this.#headerEnd(start, from);
    if (this.#isConnection && sign === '=' && !quoted && text.charAt(from) !== '{')
      return this.#fieldEnd(from);
    return this.#plainEnd(from);
  }

  /** Of a header's value: to the closing quote around it, to the end of the line, or, in a sentence, a scheme and its credential. */
  #headerEnd(start: number, from: number): number {
    const text = this.#text;
    if (from > this.#lineEnd) this.#lineEnd = indexOrEnd(text, '\n', from);
    const line = this.#lineEnd;
    if (this.#quote !== '') return this.#quoteEnd(from, line);
    if (start === 0 || text.charAt(start - 1) === '=' || text.startsWith('-H', start)) return line;
    let end = skipTo(text, from, BLANK);
    const isOneWord = from > 0 && !isClass(text, from - 1, BLANK);
    for (let words = 1; end < line; words++) {
      const next = skip(text, end, BLANK, line);
      if (next === line || (isOneWord && words === 1) || /[|&<>]/.test(text.charAt(next))) break;
      if (words > 1 && !/[,;]/.test(text.charAt(end - 1))) break;
      end = skipTo(text, next, BLANK);
    }
    return Math.min(end, line);
  }

  /** The quote that closes the open one, or `end` where it is not closed before. */
  #quoteEnd(from: number, end: number): number {
    const text = this.#text;
    for (let at = from; at < end; at++) {
      if (text.charCodeAt(at) === BACKSLASH && this.#quote !== "'") at++;
      else if (text.charAt(at) === this.#quote) return at;
    }
    return end;
  }

  /** Of a field of a connection string. */
  #fieldEnd(from: number): number {
    let end = from;
    while (end < this.#text.length && !/[;\n"']/.test(this.#text.charAt(end))) end++;
    return end;
  }

  /** Of any other value: words in and outside of quotes, as a shell joins them. */
  #plainEnd(from: number): number {
    const text = this.#text;
    let at = from;
    if (text.charAt(at) === '{') return Math.min(indexOrEnd(text, '}', at) + 1, text.length);
    while (at < text.length && !isClass(text, at, VALUE_END)) {
      const character = text.charAt(at);
      if (character === '\\') {
        const after = at === from ? afterEscapedQuote(text, at) : undefined;
        if (after !== undefined) at = after;
        else if (escapedQuote(text, at) !== undefined) return at;
        else at = Math.min(at + 2, text.length);
      } else if (isQuote(text, at)) {
        // the quote around name and value ends the value
        if (character === this.#quote && at > from) return at;
        at = afterQuote(text, at);
      } else at += 1;
    }
    return at;
  }

  /** A word that makes the next one a secret. */
  #wordAlone(start: number, end: number): void {
    const text = this.#text;
    if (!isClass(text, end, BLANK) || end - start > 12) return;
    const word = text.slice(start, end).toLowerCase();
    const from = skip(text, end, BLANK);
    this.#at = from;
    if (SCHEMES.has(word)) {
      if (looksRandom(text, from, CREDENTIAL_MIN)) this.#redact(from, skip(text, from, TOKEN));
    } else if (WORDS_OF_SENTENCES.has(word) && this.#isSentence(word, isQuote(text, from))) {
      const to = this.#plainEnd(from);
      if (to > from) this.#redact(from, to);
    }
    if (WORDS_BEFORE.has(word)) {
      this.#wordsBefore ??= new Set();
      this.#wordsBefore.add(word);
    }
  }

  #isSentence(word: string, isQuoted: boolean): boolean {
    return SENTENCES.some(
      ([before, after, quotes]) =>
        after === word && this.#wordsBefore?.has(before) === true && (isQuoted || quotes === undefined),
    );
  }
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const index = text.indexOf(wanted, from);
  return index < 0 ? text.length : index;
}

function skipDashes(text: string, at: number): number {
  let end = at;
  while (text.charAt(end) === '-') end++;
  return end;
}

/** The word at a position, without a quote before it, for a look at its name. */
function wordAt(text: string, at: number): string {
  const start = isQuote(text, at) ? at + 1 : at;
  return text.slice(start, skip(text, start, NAME, Math.min(text.length, start + RANDOM_LOOK_MAX)));
}

/** Percent-encoded signs that have a meaning to the rules, also encoded more than once: `%3D`, `%253D`. */
const ENCODED_SIGN = /%(?:25)*(2[2-7CF]|3[ABDF]|40|7[BD])/gi;

function decodedSigns(text: string): string {
  return text.replace(ENCODED_SIGN, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/**
 * Redacts the secrets that can be recognised within one argument: by the name before a value, by the position in a URL or
 * header, or by a format that only secrets have. A text that is percent-encoded is decoded only if there is a secret in it.
 */
export function redactArgument(argument: string): string {
  const redacted = new Scan(argument).redacted();
  if (!redacted.includes('%')) return redacted;
  const decoded = decodedSigns(redacted);
  if (decoded === redacted) return redacted;
  const again = new Scan(decoded).redacted();
  return again === decoded ? redacted : again;
}
