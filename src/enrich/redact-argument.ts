import { isSecretName } from './secret-name.ts';

/** Replaces a secret. */
export const REDACTED = '[redacted]';

/** Formats that only secrets have, whatever is before them. */
const KNOWN_TOKENS = new RegExp(
  [
    'gh[pousr]_[A-Za-z0-9]{20,}', // GitHub
    'github_pat_\\w{20,}',
    'glpat-[\\w-]{20,}', // GitLab
    'xox[abeoprs]-[\\w-]{10,}', // Slack
    'AIza[\\w-]{35}', // Google
    'ya29\\.[\\w-]{20,}',
    'npm_[A-Za-z0-9]{36}',
    'pypi-[\\w-]{50,}',
    '[rs]k_(?:live|test)_[A-Za-z0-9]{16,}', // Stripe
    'sk-[A-Za-z][\\w-]{20,}', // LLM providers
    'hv[sbr]\\.[\\w-]{20,}', // HashiCorp Vault
    'do[opr]_v1_[0-9a-f]{32,}', // DigitalOcean
    'AGE-SECRET-KEY-1[0-9A-Z]{20,}',
  ]
    .map(format => `\\b${format}`)
    .join('|'),
  'g',
);

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
// An attacker chooses the arguments of their process. A pattern that begins with a run of characters is therefore tried only
// at the start of such a run (the look-behinds below): tried at each of its characters, the time would grow with its square.
const JSON_WEB_TOKEN = /(?<![\w-])(?=[\w-]*eyJ[\w-]{8})[\w-]+\.eyJ[\w-]{8,}\.[\w-]*/g;
/** `scheme://user:password@`; unescaped passwords may contain `#`, `?` and `@`. */
const URL_PASSWORD = /(?<![a-z0-9+.-])([a-z0-9+.-]+:\/\/[^\s:@/]*):[^\s/]*@/gi;
/** `scheme://token@`: user names are shorter than 20 characters. */
const URL_TOKEN = /(?<![a-z0-9+.-])([a-z0-9+.-]+:\/\/)[^\s:@/]{20,}@/gi;
const BEARER = /\b(bearer)\s+[\w.~+/=-]{8,}/gi;
/** openssl's password source. */
const OPENSSL_PASSWORD = /^pass:.*/s;

/** A name and the separator before its value: `--name=`, `name:`, `"name": `. */
const NAME = /(?<![\w.-])([\w.-]+)(["']?\s*[=:]\s*)/g;
/** Characters before the first letter of a name: dashes of an option, digits. */
const BEFORE_NAME = /^[^A-Za-z_]+/;

/** Secrets inside an argument, by the shape of the text. */
function redactText(text: string): string {
  return text
    .replace(PRIVATE_KEY, REDACTED)
    .replace(URL_PASSWORD, `$1:${REDACTED}@`)
    .replace(URL_TOKEN, `$1${REDACTED}@`)
    .replace(JSON_WEB_TOKEN, REDACTED)
    .replace(KNOWN_TOKENS, REDACTED)
    .replace(BEARER, `$1 ${REDACTED}`);
}

/** Length of the value at `start`: to its closing quote, or else to the next separator. */
function valueLength(text: string, start: number): number {
  const rest = text.slice(start);
  return (/^"(?:\\.|[^"\\])*"?|^'[^']*'?|^[^\s,;&"'}]*/s.exec(rest)?.[0] ?? '').length;
}

/** Values of secret names inside an argument: `a=1,password=x`, `?token=x&b=2`, `{"secret":"x"}`. */
function redactPairs(text: string): string {
  let redacted = '';
  let done = 0;
  for (const match of text.matchAll(NAME)) {
    const [, name = '', separator = ''] = match;
    const start = match.index + name.length + separator.length;
    // `://` follows a scheme; a match inside a value that was redacted already is skipped
    if (match.index < done || text.startsWith('//', start)) continue;
    if (!isSecretName(name.replace(BEFORE_NAME, ''))) continue;
    const length = valueLength(text, start);
    if (length === 0) continue;
    redacted += text.slice(done, start) + REDACTED;
    done = start + length;
  }
  return redacted + text.slice(done);
}

/**
 * Redacts the secrets that can be recognised within one argument: by the name before a value, by the position in a URL or
 * header, or by a format that only secrets have.
 */
export function redactArgument(argument: string): string {
  const header = /^(-H)?([A-Za-z][\w-]*):(\s*)(?=\S)(?!\/\/)/.exec(argument);
  if (header?.[2] !== undefined && isSecretName(header[2])) return `${header[0]}${REDACTED}`;
  const assignment = /^([-/]{0,2}[A-Za-z_][\w.:-]*)=./s.exec(argument);
  if (assignment?.[1] !== undefined && isSecretName(assignment[1])) return `${assignment[1]}=${REDACTED}`;
  if (OPENSSL_PASSWORD.test(argument)) return `pass:${REDACTED}`;
  return redactPairs(redactText(argument));
}
