/** Replaces a secret. */
export const MASK = '[secret]';

/** A piece of an endpoint's text. */
interface Piece {
  readonly text: string;
  readonly isSecret: boolean;
}

/** Scheme with its slashes. Without slashes only known schemes: another word before a colon is more likely a user name. */
const SCHEME =
  /^\s*(?:(?:https?|grpcs?|unix(?:-abstract)?|dns|ipv[46]):[\\/]*|(?:[a-z][a-z0-9+.-]*:)?[\\/]{2,})/i;
/** Name, IPv4 or IPv6 address, with a port, or with the word `port` as in messages and help. */
const HOST = /^(?:\[[0-9a-f:.]+(?:%[\w%.-]+)?\]|[\w.-]+)?(?::(?:\d{1,5}|port))?(?=$|[\\/?#;\s])/i;
/** A key of a query; a longer text or other characters are more likely a secret. */
const KEY = /^[\w.~-]{1,40}$/;
/** Length of the shortest token in a path. */
const TOKEN_MIN = 20;
/** A segment of a path that is more likely a token than a name. */
const TOKEN = /^(?=.*\d)(?=.*[a-z]).{20,}$/i;

/**
 * A valid or invalid endpoint or URL without what may be secret: user and password, values of the query, the fragment,
 * tokens in the path, and everything after a host that is not valid.
 */
export function maskEndpoint(endpoint: string): string {
  return [...pieces(endpoint)].map(({ text, isSecret }) => (isSecret ? MASK : text)).join('');
}

/** What `maskEndpoint` hides, and the parts of it that an error may quote alone. */
export function secretsOfEndpoint(endpoint: string): string[] {
  const found: string[] = [];
  for (const { text, isSecret } of pieces(endpoint)) if (isSecret) found.push(text, ...partsOf(text));
  return found;
}

/**
 * The password, and every part that a parser may take for something else: of an invalid endpoint any part may reach the
 * resolver and its errors. A user name is left out if a password follows and it looks like a name, not like a token.
 */
function partsOf(text: string): string[] {
  const [user = '', ...password] = text.split(':');
  const isName = password.join('') !== '' && /^[a-z._-]{1,11}$/i.test(user);
  const parts = text.split(/[:/?#@,&;=%\\\s"']/).filter(part => !(isName && part === user));
  return [password.join(':'), ...parts];
}

function* pieces(endpoint: string): Generator<Piece> {
  const scheme = SCHEME.exec(endpoint)?.[0] ?? '';
  yield { text: scheme, isSecret: false };
  let rest = endpoint.slice(scheme.length);
  // the last one: a password that is not encoded may contain another, or a slash
  const at = rest.lastIndexOf('@');
  if (at > 0) yield { text: rest.slice(0, at), isSecret: rest.slice(0, at) !== '' };
  if (at >= 0) yield { text: '@', isSecret: false };
  rest = rest.slice(at + 1);
  const host = HOST.exec(rest)?.[0] ?? /^[\w.-]*/.exec(rest)?.[0] ?? '';
  yield { text: host, isSecret: false };
  rest = rest.slice(host.length);
  if (rest.trim() === '') return;
  if (!/^[\\/?#;]/.test(rest)) {
    yield { text: rest, isSecret: true };
    return;
  }
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest) ?? [];
  yield* pathPieces(path);
  yield* pairPieces(query);
  if (fragment.length > 1) {
    yield { text: '#', isSecret: false };
    yield { text: fragment.slice(1), isSecret: true };
  }
}

function* pathPieces(path: string): Generator<Piece> {
  for (const part of path.split(/(?=[\\/])/)) {
    // most of them, and all of a long path: neither a token nor parameters
    if (part.length < TOKEN_MIN && !/[;=]/.test(part)) {
      yield { text: part, isSecret: false };
      continue;
    }
    // `name;key=value`: parameters of a path segment, RFC 3986, section 3.3
    const [, slash = '', name = '', parameters = ''] = /^([\\/]?)([^;=]*)(.*)$/s.exec(part) ?? [];
    yield { text: slash, isSecret: false };
    if (parameters.startsWith('=')) yield* pairPieces(name + parameters);
    else {
      yield { text: name, isSecret: TOKEN.test(name) };
      yield* pairPieces(parameters);
    }
  }
}

/** `?key=value&key=value`; a part that is not a pair of two texts is a secret as a whole. */
function* pairPieces(text: string): Generator<Piece> {
  for (const part of text.split(/(?<=^\?|[&;])|(?=[&;])/)) {
    const equals = part.indexOf('=');
    const value = part.slice(equals + 1);
    if (part === '' || /^[?&;]$/.test(part)) yield { text: part, isSecret: false };
    else if (equals > 0 && /[^=]/.test(value) && KEY.test(part.slice(0, equals))) {
      yield { text: part.slice(0, equals + 1), isSecret: false };
      yield { text: value, isSecret: true };
    } else yield { text: part, isSecret: true };
  }
}

/** Punctuation of the sentence around a URL. */
const TRAILING = new Set('),.;:!?}');

/**
 * A text with every URL in it masked, and everything of the form `user:password@host`. Linear in the length of the text,
 * which an attacker may have written.
 */
export function maskUrls(text: string): string {
  return text.replace(/[^\s"'`<>]+/g, word => {
    const start = urlStart(word);
    if (start === undefined && !hasUserinfo(word) && !hasQuery(word)) return word;
    const url = word.slice(start);
    if (/^(file|node):/i.test(url)) return word;
    let end = url.length;
    while (TRAILING.has(url.charAt(end - 1))) end -= 1;
    return word.slice(0, start ?? 0) + maskEndpoint(url.slice(0, end)) + url.slice(end);
  });
}

/** Offset of the scheme, or of the two slashes without one. */
function urlStart(word: string): number | undefined {
  const colon = word.indexOf('://');
  if (colon >= 0) {
    // a scheme is short; without this bound the work would be quadratic in the length of the word
    const before = word.slice(Math.max(0, colon - 32), colon);
    return colon - (/[a-z][a-z0-9+.-]*$/i.exec(before)?.[0].length ?? 0);
  }
  const slashes = word.search(/\/\/|\\\\/);
  const isStart = slashes === 0 || /[=([{,;|:]/.test(word.charAt(slashes - 1));
  return slashes >= 0 && isStart ? slashes : undefined;
}

function hasUserinfo(word: string): boolean {
  const at = word.lastIndexOf('@');
  const colon = word.indexOf(':');
  return colon > 0 && colon < at && !/[\\/]/.test(word.slice(0, colon));
}

function hasQuery(word: string): boolean {
  const question = word.indexOf('?');
  return question > 0 && word.indexOf('=', question) > 0;
}
