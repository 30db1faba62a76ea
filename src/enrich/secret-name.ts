/** Words that mark a value as secret, at any position in its name. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  'passcode',
  'pass',
  'pwd',
  'psk',
  'secrets',
  'bearer',
  'jwt',
  'cookie',
  'credential',
  'credentials',
  'authorization',
  'signature',
  'passin',
  'passout',
]);

/** The same, also as the end of a compound word: PGPASSWORD, dbpassword, accesstoken. */
const SECRET_ENDING = /(?:password|passwd|passphrase|secret|token|apikey)$/;

/** Words that mark it when `key` follows: `key` alone may be an index or a map key. */
const KEY_KINDS: ReadonlySet<string> = new Set([
  'access',
  'account',
  'api',
  'app',
  'auth',
  'encryption',
  'license',
  'master',
  'priv',
  'private',
  'sas',
  'service',
  'session',
  'shared',
  'signing',
  'storage',
  'subscription',
]);

/** Last words of names whose value only concerns a secret: `--password-file`, `--token-ttl`. */
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
  'length',
  'limit',
  'method',
  'name',
  'path',
  'policy',
  'prefix',
  'prompt',
  'provider',
  'size',
  'store',
  'timeout',
  'ttl',
  'type',
  'uri',
  'url',
  'version',
]);

/** First words that turn a name into a switch: `--no-password`, `--ask-pass`. */
const SWITCH: ReadonlySet<string> = new Set([
  'ask',
  'disable',
  'enable',
  'no',
  'prompt',
  'require',
  'skip',
  'use',
]);

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])(?=[A-Z][a-z])/g, '$1 ')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '');
}

/**
 * Whether the name of an option, variable, header or field marks its value as a secret. `--db-password`,
 * `AWS_SECRET_ACCESS_KEY`, `javax.net.ssl.keyStorePassword` and `X-Api-Key` do; `--password-file` and `--tokenizer` do not.
 */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1);
  if (last === undefined || ABOUT.has(last) || SWITCH.has(words[0] ?? '')) return false;
  return words.some(
    (word, index) =>
      SECRET_WORDS.has(word) ||
      (word === 'key' && KEY_KINDS.has(words[index - 1] ?? '')) ||
      SECRET_ENDING.test(word),
  );
}
