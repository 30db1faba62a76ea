import { escapeText } from './escape.ts';
import { MASK, secretsOfEndpoint } from './mask.ts';

/**
 * Shortest secret that is searched for, characters: a shorter one would match too much. `maskUrls` still hides it in a URL.
 */
const SHORTEST = 4;
/** A shorter secret is hidden only where it is a whole word, characters. */
const SHORTEST_IN_WORDS = 6;
/** Most secrets that are kept; then the oldest is forgotten, since a sidecar may see its token renewed for years. */
const KEPT_MAX = 512;

/** Names of headers whose value is a credential, however short it is. */
const CREDENTIAL_NAME = /auth|key|token|secret|cookie|pass|pwd|credential|signature|session|jwt/i;
/** Schemes of RFC 9110's `Authorization`, registered or in use with collectors, and the start of their credentials. */
const CREDENTIAL_SCHEME =
  /^(?:basic|bearer|digest|dpop|gnap|hoba|mutual|negotiate|ntlm|oauth|privatetoken|scram-[\w-]+|vapid|token|api-?key|splunk|aws4-[\w-]+)\s+\S/i;
/** Length from which a value without blanks is more likely a credential than a word, characters. */
const SHORTEST_TOKEN = 16;

/** Words of the program's own messages, which are not hidden even if one is used as a password. */
const OWN_WORDS = new Set(['memwarden', 'collector', 'localhost', 'true', 'false', 'null', 'http', 'https']);

const kept = new Set<string>();
let pattern: RegExp | undefined;

/** From now on these are hidden in everything that is printed, in every spelling of `spellingsOf`. */
export function keepSecret(...secrets: readonly string[]): void {
  for (const secret of secrets) {
    const text = secret.trim();
    if (text.length < SHORTEST || kept.has(text)) continue;
    kept.add(text);
    pattern = undefined;
  }
  for (const oldest of kept) {
    if (kept.size <= KEPT_MAX) break;
    kept.delete(oldest);
  }
}

/** Registers everything that may be secret in a valid or invalid endpoint. */
export function keepSecretsOfEndpoint(endpoint: string): void {
  keepSecret(...secretsOfEndpoint(endpoint));
  const decoded = percentDecoded(endpoint);
  if (decoded !== endpoint) keepSecret(...secretsOfEndpoint(decoded));
}

/** The same for each word of a text that looks like an endpoint. */
export function keepSecretsOfText(text: string): void {
  for (const word of [text, ...text.split(/[\s,"'`]+/)])
    if (/:\/\/|@|\?.*=/s.test(percentDecoded(word))) keepSecretsOfEndpoint(word.replace(/^[-\w.]+=/, ''));
}

/** Registers the value of a header: the whole, and the part after an authentication scheme such as `Bearer`. */
export function keepSecretsOfHeader(value: string): void {
  const words = value.split(/[\s,;]+/);
  keepSecret(value);
  for (const [index, word] of words.entries()) {
    if (index === 0 && words.length > 1 && /^[a-z-]{1,12}$/i.test(word)) continue;
    keepSecret(word, word.replace(/^[\w-]+=/, '').replace(/^"|"$/g, ''));
    // RFC 7617: Basic has `user:password` in base64
    if (/^basic$/i.test(words[0] ?? '')) keepSecretsOfEndpoint(`${Buffer.from(word, 'base64')}@`);
  }
}

/**
 * Registers the headers of `name=value,name=value`, valid or not, whose value may be a credential. A value that only names a
 * tenant or environment, such as `x-scope-orgid=team-a`, is an ordinary word: hidden everywhere, it would be missing in
 * records and messages that have nothing to do with headers.
 */
export function keepSecretsOfHeaders(headers: string): void {
  const pairs = headers.split(/[,\n]/).filter(pair => pair.trim() !== '');
  for (const pair of pairs) keepSecretsOfHeaderPair(pair);
  // where one is wrong, a comma before it may have been part of a value
  if (pairs.some(pair => partsOfPair(pair).isWrong)) keepSecretsOfHeaderPair(headers);
}

/**
 * One header as `name=value`, in which a comma is part of the value. A name that cannot be one, or that has no value, is
 * more likely a token that was put in the wrong place.
 */
export function keepSecretsOfHeaderPair(pair: string): void {
  const { name, value, isWrong } = partsOfPair(pair);
  const decoded = percentDecoded(value);
  if (isWrong) {
    keepSecretsOfHeader(pair);
    keepSecretsOfHeader(name);
  } else if (!isCredential(percentDecoded(name), value) && !isCredential('', decoded)) {
    return;
  }
  keepSecretsOfHeader(value);
  keepSecretsOfHeader(decoded);
}

function partsOfPair(pair: string): { name: string; value: string; isWrong: boolean } {
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(equals, 0)).trim();
  const value = pair.slice(equals + 1);
  return { name, value, isWrong: !/^[\w.%-]+$/.test(name) || /^[=\s]*$/.test(value) };
}

/** Whether a header's name or the look of its value makes it a credential. */
function isCredential(name: string, value: string): boolean {
  const text = value.trim();
  if (CREDENTIAL_NAME.test(name) || CREDENTIAL_SCHEME.test(text)) return true;
  return text.length >= SHORTEST_TOKEN && !/\s/.test(text);
}

/** A text with every registered secret replaced. */
export function withoutSecrets(text: string): string {
  if (kept.size === 0) return text;
  pattern ??= patternOf(kept);
  const hidden = replaced(text, pattern);
  return hidden.includes('%') ? withoutEncoded(hidden, pattern) : hidden;
}

function replaced(text: string, secrets: RegExp): string {
  return text.replace(secrets, (secret, offset: number) =>
    isJsonNumber(text, offset, secret.length) ? secret : MASK,
  );
}

/** Hides words that contain a secret once they are percent-decoded: an encoder may have encoded any of the characters. */
function withoutEncoded(text: string, secrets: RegExp): string {
  return text.replace(/[^\s"\\]+/g, word => {
    const plain = percentDecoded(word);
    return plain === word || replaced(plain, secrets) === plain ? word : MASK;
  });
}

/**
 * Whether a match is a whole number in JSON: masked, the text would no longer be JSON, and an equal password is not
 * revealed.
 */
function isJsonNumber(text: string, offset: number, length: number): boolean {
  if (!/^\d+$/.test(text.slice(offset, offset + length))) return false;
  return (
    /(?:":\s?|[[,]\s*)$/.test(text.slice(Math.max(0, offset - 8), offset)) &&
    /^\s*[,}\]]/.test(text.slice(offset + length, offset + length + 8))
  );
}

function patternOf(secrets: ReadonlySet<string>): RegExp {
  const spellings = new Set([...secrets].flatMap(spellingsOf));
  const words = [...spellings].sort((a, b) => b.length - a.length).map(asPattern);
  return new RegExp(words.length === 0 ? '(?!)' : words.join('|'), 'g');
}

function asPattern(spelling: string): string {
  const text = spelling.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  if (/^\d+$/.test(spelling)) return `(?<!\\d)${text}(?!\\d)`;
  return spelling.length < SHORTEST_IN_WORDS ? `(?:(?<![a-zA-Z0-9])|(?<=%..))${text}(?![a-zA-Z0-9])` : text;
}

/** A secret as URLs, headers, JSON, `util.inspect` and hexadecimal dumps spell it. */
function spellingsOf(secret: string): string[] {
  const found = new Set<string>();
  for (const text of [secret, percentDecoded(secret)]) {
    const url = new URL('http://host');
    url.username = text;
    url.search = text;
    const component = encodeURIComponent(text.toWellFormed());
    const bytes = Buffer.from(text);
    const encodings = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')];
    for (const spelling of [
      text,
      text.toLowerCase(),
      url.username,
      url.search.slice(1),
      component,
      component.replace(/%../g, code => code.toLowerCase()),
      component.replaceAll('%20', '+'),
      JSON.stringify(text).slice(1, -1),
      text.replaceAll("'", "\\'"),
      escapeText(text),
      ...encodings.map(encoding => encoding.replace(/=+$/, '')),
    ])
      found.add(spelling);
  }
  return [...found].filter(isWorthHiding);
}

/**
 * Short spellings are left out, numbers of fewer than six digits too: these are often pids, sizes or fractions of a second.
 */
function isWorthHiding(spelling: string): boolean {
  if (spelling.length < (/^\d+$/.test(spelling) ? SHORTEST_IN_WORDS : SHORTEST)) return false;
  return !MASK.includes(spelling) && !OWN_WORDS.has(spelling);
}

/** As decodeURIComponent, but without errors: decodes valid sequences and leaves the rest. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
}
