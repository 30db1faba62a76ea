/** Words that mark a value as secret wherever they stand in its name. */
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

/** The same, also at the end of a word that is run together: PGPASSWORD, dbpassword, accesstoken. */
const SECRET_ENDING = /(?:password|passwd|passphrase|secret|token|apikey)$/;

/** Words that mark it when `key` follows: a key alone may be any index. */
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

/** Last words that say that the value is about a secret and not the secret: `--password-file`, `--token-ttl`. */
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
 * Does the name of an option, variable, header or field say that its value is a secret? `--db-password`,
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
