import { escapeText } from './escape.ts';
import { MASK, secretsOfEndpoint } from './mask.ts';

/** A shorter one would hide half of what is printed; it is hidden where a URL shows it, and nowhere else. Characters. */
const SHORTEST = 4;
/** A shorter one is hidden as a word alone. */
const SHORTEST_IN_WORDS = 6;
/** Tokens are renewed for years: beyond this the oldest are forgotten. */
const KEPT_MAX = 512;

/** Names of headers whose value is a credential, however short it is. */
const CREDENTIAL_NAME = /auth|key|token|secret|cookie|pass|pwd|credential|signature|session|jwt/i;
/** Schemes of RFC 9110's `Authorization`, registered or in use with collectors, and what follows them. */
const CREDENTIAL_SCHEME =
  /^(?:basic|bearer|digest|dpop|gnap|hoba|mutual|negotiate|ntlm|oauth|privatetoken|scram-[\w-]+|vapid|token|api-?key|splunk|aws4-[\w-]+)\s+\S/i;
/** A value without a blank is, from this length on, more likely a credential than a word. Characters. */
const SHORTEST_TOKEN = 16;

/** What the program itself says all the time: hiding it would hide nothing. */
const OWN_WORDS = new Set(['memwarden', 'collector', 'localhost', 'true', 'false', 'null', 'http', 'https']);

const kept = new Set<string>();
let pattern: RegExp | undefined;

/** From now on these are never printed, in whatever spelling somebody brings them back. */
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

/** All that may be secret in an endpoint, right or wrong. */
export function keepSecretsOfEndpoint(endpoint: string): void {
  keepSecret(...secretsOfEndpoint(endpoint));
  const decoded = percentDecoded(endpoint);
  if (decoded !== endpoint) keepSecret(...secretsOfEndpoint(decoded));
}

/** All that may be secret in the endpoints of a text in which there may be none. */
export function keepSecretsOfText(text: string): void {
  for (const word of [text, ...text.split(/[\s,"'`]+/)])
    if (/:\/\/|@|\?.*=/s.test(percentDecoded(word))) keepSecretsOfEndpoint(word.replace(/^[-\w.]+=/, ''));
}

/** The value of a header: the whole, and what follows the name of a scheme such as `Bearer`. */
export function keepSecretsOfHeader(value: string): void {
  const words = value.split(/[\s,;]+/);
  keepSecret(value);
  for (const [index, word] of words.entries()) {
    if (index === 0 && words.length > 1 && /^[a-z-]{1,12}$/i.test(word)) continue;
    keepSecret(word, word.replace(/^[\w-]+=/, '').replace(/^"|"$/g, ''));
    // RFC 7617: user and password in base64
    if (/^basic$/i.test(words[0] ?? '')) keepSecretsOfEndpoint(`${Buffer.from(word, 'base64')}@`);
  }
}

/**
 * Headers as `name=value,name=value`, right or wrong: of those whose value may be a credential, the value. What only says
 * which tenant or environment the records are of, such as `x-scope-orgid=team-a`, is an ordinary word, which hidden
 * everywhere would be missing in records and messages that have nothing to do with headers.
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

/** Whether the name of a header says so, or its value looks like it. */
function isCredential(name: string, value: string): boolean {
  const text = value.trim();
  if (CREDENTIAL_NAME.test(name) || CREDENTIAL_SCHEME.test(text)) return true;
  return text.length >= SHORTEST_TOKEN && !/\s/.test(text);
}

/** The text without any secret that is known. */
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

/** Which characters somebody encoded is anybody's choice. */
function withoutEncoded(text: string, secrets: RegExp): string {
  return text.replace(/[^\s"\\]+/g, word => {
    const plain = percentDecoded(word);
    return plain === word || replaced(plain, secrets) === plain ? word : MASK;
  });
}

/** A number of ours that happens to be a password: masked, it would break the JSON text, and it tells nothing. */
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

/** A secret as URLs, headers, JSON, `inspect` and hexadecimal dumps write it. */
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

/** Six digits are too often something else: a process, a size, a part of a second. */
function isWorthHiding(spelling: string): boolean {
  if (spelling.length < (/^\d+$/.test(spelling) ? SHORTEST_IN_WORDS : SHORTEST)) return false;
  return !MASK.includes(spelling) && !OWN_WORDS.has(spelling);
}

/** Also what is encoded in parts, or wrongly. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
}
