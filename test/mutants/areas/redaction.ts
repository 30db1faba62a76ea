import { type Area, mutantsOf } from '../mutant.ts';

const FOLDER = 'src/enrich';
const TESTS = 'test/unit/enrich';

/** The rows of the tables are not here: redaction-tables.test.ts cuts out each of them. */
export const redaction: Area = {
  name: 'redaction',
  target: 90,
  tests: ['redact', 'foreign-links', 'redaction-tables', 'redaction-properties'].map(
    name => `${TESTS}/${name}.test.ts`,
  ),
  mutants: [
    ...mutantsOf(
      `${FOLDER}/redact-argument.ts`,
      [
        ['.replace(JSON_WEB_TOKEN, REDACTED)', '', 'a JSON web token is told'],
        ['.replace(KNOWN_TOKENS, REDACTED)', '', 'a token of a known form is told'],
        ['.replace(PRIVATE_KEY, REDACTED)', '', 'a private key is told'],
        ['.replace(URL_PASSWORD, `$1:${REDACTED}@`)', '', 'the password of a URL is told'],
        ['.replace(URL_TOKEN, `$1${REDACTED}@`)', '', 'a token in the place of a user is told'],
        ['(?<![\\w.-])([\\w.-]+)(["\']?', '([\\w.-]+)(["\']?', 'one long argument keeps the sidecar busy'],
        [
          '(?<![a-z0-9+.-])([a-z0-9+.-]+:\\/\\/[^\\s:@/]*)',
          '([a-z0-9+.-]+:\\/\\/[^\\s:@/]*)',
          'one long argument keeps the sidecar busy',
        ],
        ['done = start + length;', '', 'a secret is told behind its own mark'],
        ['isSecretName(header[2])', 'false', 'an authorization header is told'],
        ['isSecretName(assignment[1])', 'false', 'a value with blanks is told'],
        [
          'if (OPENSSL_PASSWORD.test(argument)) return `pass:${REDACTED}`;',
          '',
          'a password source of openssl is told',
        ],
      ],
      'redact',
    ),
    ...mutantsOf(`${FOLDER}/redact.ts`, [
      ["if (separate) this.#next = 'secret';", '', 'the value of an option that is parted is told'],
      ["if (value === '') this.#next = user;", '', 'the password of curl is told'],
      [
        "isSecretName(argument)) this.#next = 'secret';",
        'isSecretName(argument)) this.#next = undefined;',
        'the value of an option that is parted is told',
      ],
      [
        'if (SHELL_OPERATOR.test(word)) command = new Command();',
        '',
        'options of one command are taken for those of another',
      ],
      ['if (this.#seen.has(word)) return;', 'return;', 'no program is known'],
      ["argument.slice(argument.lastIndexOf('/') + 1)", 'argument', 'a program is not known by its path'],
      ['command !== undefined && !this.#seen.has(command)', 'false', 'a published port is redacted'],
      [
        "argument === '' || argument.startsWith('-')",
        'false',
        'an option in the place of a value is redacted',
      ],
      [
        'command.redact(quoted, redactWords)',
        'command.redact(quoted, words => words)',
        'what is quoted in shell text is told',
      ],
    ]),
    ...mutantsOf(
      `${FOLDER}/secret-name.ts`,
      [
        ['SECRET_ENDING.test(word)', 'false', 'PGPASSWORD is told'],
        ['ABOUT.has(last) || ', '', 'the name of a file is redacted'],
        [".replace(/([a-z0-9])([A-Z])/g, '$1 $2')", '', 'keyStorePass is told'],
        ['.toLowerCase()', '', 'DB_PASS is told'],
      ],
      'redact',
    ),
    ...mutantsOf(
      `${FOLDER}/text-path.ts`,
      [
        [
          'mount !== undefined && LOCAL.test(mount.type)',
          'mount !== undefined',
          'a link on a server that hangs stalls the sidecar',
        ],
        ['if (links > LINKS_MAX) return { procfs: false };', '', 'a loop of links never ends'],
      ],
      'foreign-links',
    ),
  ],
};
