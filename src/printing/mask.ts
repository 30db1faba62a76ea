/** Stands for what must not be read. */
export const MASK = '[secret]';

/** A piece of an endpoint as it was written, and whether it may be read. */
interface Piece {
  readonly text: string;
  readonly isSecret: boolean;
}

/** Scheme with its slashes; a word before a lone colon is more likely a user's name. */
const SCHEME =
  /^\s*(?:(?:https?|grpcs?|unix(?:-abstract)?|dns|ipv[46]):[\\/]*|(?:[a-z][a-z0-9+.-]*:)?[\\/]{2,})/i;
/** Name, IPv4 or IPv6 address, with a port, or with the word that stands for one in a message. */
const HOST = /^(?:\[[0-9a-f:.]+(?:%[\w%.-]+)?\]|[\w.-]+)?(?::(?:\d{1,5}|port))?(?=$|[\\/?#;\s])/i;
/** What a key of a query looks like that is no value by itself. */
const KEY = /^[\w.~-]{1,40}$/;
/** A segment of a path that is more likely a token than a name. */
const TOKEN = /^(?=.*\d)(?=.*[a-z]).{20,}$/i;

/**
 * An endpoint or URL, right or wrong, without what may be a secret: user and password, values of the query, the fragment,
 * tokens in the path, and all behind a host that is none.
 */
export function maskEndpoint(endpoint: string): string {
  return [...pieces(endpoint)].map(({ text, isSecret }) => (isSecret ? MASK : text)).join('');
}

/** What `maskEndpoint` hides, in parts that may turn up by themselves. */
export function secretsOfEndpoint(endpoint: string): string[] {
  const found: string[] = [];
  for (const { text, isSecret } of pieces(endpoint)) if (isSecret) found.push(text, ...partsOf(text));
  return found;
}

/**
 * The password, and all that it may be taken for: of a wrong endpoint the resolver gets any part. A user's name beside a
 * password is left out where it looks like a name, and not like a token or `x-oauth-basic`.
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
  // not the first one: a password may hold another, or a slash, and not be encoded
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
    // `name;key=value` is RFC 3986's way of parameters
    const [, slash = '', name = '', parameters = ''] = /^([\\/]?)([^;=]*)(.*)$/s.exec(part) ?? [];
    yield { text: slash, isSecret: false };
    if (parameters.startsWith('=')) yield* pairPieces(name + parameters);
    else {
      yield { text: name, isSecret: TOKEN.test(name) };
      yield* pairPieces(parameters);
    }
  }
}

/** `?key=value&key=value`; what is no pair, or has an empty half, is a secret as a whole. */
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

/** Marks that end a word of a sentence, and belong to no URL. */
const TRAILING = new Set('),.;:!?}');

/**
 * A text with every URL in it masked, and what has the form `user:password@host`. The text may be anybody's: the work
 * grows with its length, and no faster.
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

/** Where the scheme stands, or the two slashes without one. */
function urlStart(word: string): number | undefined {
  const colon = word.indexOf('://');
  if (colon >= 0) {
    // a scheme is short: looking further back would cost the square of a long word
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
