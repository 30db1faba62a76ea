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
        ['.replace(JSON_WEB_TOKEN, REDACTED)', '', 'a JSON web token is reported'],
        ['.replace(KNOWN_TOKENS, REDACTED)', '', 'a token of a known form is reported'],
        ['.replace(PRIVATE_KEY, REDACTED)', '', 'a private key is reported'],
        ['.replace(URL_PASSWORD, `$1:${REDACTED}@`)', '', 'the password of a URL is reported'],
        ['.replace(URL_TOKEN, `$1${REDACTED}@`)', '', 'a token in the place of a user is reported'],
        ['(?<![\\w.-])([\\w.-]+)(["\']?', '([\\w.-]+)(["\']?', 'one long argument keeps the sidecar busy'],
        [
          '(?<![a-z0-9+.-])([a-z0-9+.-]+:\\/\\/[^\\s:@/]*)',
          '([a-z0-9+.-]+:\\/\\/[^\\s:@/]*)',
          'one long argument keeps the sidecar busy',
        ],
        ['done = start + length;', '', 'a secret is reported behind its own mark'],
        ['isSecretName(header[2])', 'false', 'an authorization header is reported'],
        ['isSecretName(assignment[1])', 'false', 'a value with blanks is reported'],
        [
          'if (OPENSSL_PASSWORD.test(argument)) return `pass:${REDACTED}`;',
          '',
          'a password source of openssl is reported',
        ],
      ],
      'redact',
    ),
    ...mutantsOf(`${FOLDER}/redact.ts`, [
      ["if (separate) this.#next = 'secret';", '', 'the value of an option that is parted is reported'],
      ["if (value === '') this.#next = user;", '', 'the password of curl is reported'],
      [
        "isSecretName(argument)) this.#next = 'secret';",
        'isSecretName(argument)) this.#next = undefined;',
        'the value of an option that is parted is reported',
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
        'what is quoted in shell text is reported',
      ],
    ]),
    ...mutantsOf(
      `${FOLDER}/secret-name.ts`,
      [
        ['SECRET_ENDING.test(word)', 'false', 'PGPASSWORD is reported'],
        ['ABOUT.has(last) || ', '', 'the name of a file is redacted'],
        [".replace(/([a-z0-9])([A-Z])/g, '$1 $2')", '', 'keyStorePass is reported'],
        ['.toLowerCase()', '', 'DB_PASS is reported'],
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
