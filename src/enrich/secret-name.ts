/** Longest name, characters; a longer text is data. */
const NAME_LENGTH_MAX = 128;

/** Words that mark a value as secret, at any position in its name. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  'passcode',
  'pwd',
  'psk',
  'secrets',
  'bearer',
  'jwt',
  'cookie',
  'cookies',
  'credential',
  'credentials',
  'creds',
  'authorization',
  'signature',
  'passin',
  'passout',
  'rediscli', // REDISCLI_AUTH
  'otp',
  'mnemonic',
]);

/** The same, also as the end of a compound word: PGPASSWORD, accesstoken, keystorepass. */
const SECRET_ENDINGS: readonly string[] = [
  'password',
  'passwords',
  'passwd',
  'passphrase',
  'pass',
  'passwort',
  'secret',
  'token',
];

/** Words with such an ending that say nothing of a secret. */
const ORDINARY: ReadonlySet<string> = new Set(['bypass', 'compass', 'multipass', 'encompass']);

/** Words that mark it when `key` follows, also in one word: `key` alone may be an index or a map key. */
const KEY_KINDS: readonly string[] = [
  'access',
  'account',
  'api',
  'app',
  'auth',
  'consumer',
  'decryption',
  'encryption',
  'function',
  'hmac',
  'license',
  'master',
  'priv',
  'private',
  'sas',
  'secret',
  'service',
  'session',
  'shared',
  'signing',
  'storage',
  'subscription',
  'unseal',
];

/** Last words of names whose value only concerns a secret: `--password-file`, `--token-ttl`, `cookies.txt`. */
const ABOUT: ReadonlySet<string> = new Set([
  'age',
  'algorithm',
  'count',
  'dir',
  'directory',
  'endpoint',
  'env',
  'expiry',
  'fd',
  'file',
  'format',
  'id',
  'jar',
  'length',
  'limit',
  'method',
  'name',
  'path',
  'policy',
  'prefix',
  'prompt',
  'provider',
  'ref',
  'size',
  'stdin',
  'store',
  'timeout',
  'ttl',
  'type',
  'uri',
  'url',
  'version',
  'conf',
  'csv',
  'helper',
  'json',
  'pem',
  'txt',
  'yaml',
  'yml',
]);

/** First words that turn a name into a switch: `--no-password`, `--ask-pass`. */
const SWITCHES: ReadonlySet<string> = new Set([
  'ask',
  'disable',
  'enable',
  'no',
  'prompt',
  'require',
  'skip',
  'use',
]);

/** What every secret name has some of. */
const STEMS = new RegExp([...SECRET_WORDS, ...SECRET_ENDINGS, 'key'].join('|'), 'i');
const ENDING = new RegExp(`(?:${SECRET_ENDINGS.join('|')}|(?:${KEY_KINDS.join('|')})key)$`);
const KINDS: ReadonlySet<string> = new Set(KEY_KINDS);

/** Whether some part of a text can be a secret name: a quick look that decides for most. */
export function mayBeSecretName(text: string): boolean {
  return STEMS.test(text);
}

/** Words of a name, at camel humps too: `HTTPServer` has two. */
const WORDS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;

/**
 * Whether the name of an option, variable, header or field marks its value as a secret. `--db-password`,
 * `AWS_SECRET_ACCESS_KEY`, `javax.net.ssl.keyStorePassword` and `X-Api-Key` do; `--password-file` and `--tokenizer` do not.
 */
export function isSecretName(name: string): boolean {
  if (name.length > NAME_LENGTH_MAX || !mayBeSecretName(name)) return false;
  const words = (name.match(WORDS) ?? []).map(word => word.toLowerCase());
  const last = words.at(-1);
  if (last === undefined || ABOUT.has(last) || SWITCHES.has(words[0] ?? '')) return false;
  return words.some(
    (word, index) =>
      SECRET_WORDS.has(word) ||
      (word === 'key' && KINDS.has(words[index - 1] ?? '')) ||
      (ENDING.test(word) && !ORDINARY.has(word)),
  );
}

/** The same for a name with a value, of which the first character is given: `PWD=/home` is a directory. */
export function isSecretPair(name: string, first: string): boolean {
  return isSecretName(name) && !(first === '/' && name === 'PWD');
}
