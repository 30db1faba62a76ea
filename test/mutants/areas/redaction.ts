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
        [
          'if (isStart && (this.#token(end) || this.#privateKey(end))) return;',
          '',
          'tokens and keys are reported',
        ],
        ['if (end - from < format.least) return false;', '', 'a word that begins like a token is redacted'],
        [
          'if (colon + 1 < at) this.#redact(start + colon + 1, start + at);',
          '',
          'the password of a URL is reported',
        ],
        [
          'if (at < 0) return;',
          'if (at < 0 || colon < 0) return;',
          'a token in the place of a user is reported',
        ],
        ['this.#done = end;\n    this.#at = end;', 'this.#at = end;', 'a secret is reported behind its mark'],
        ['if (character === this.#quote && at > from) return at;', '', 'text behind the quotes is redacted'],
        ['at = afterQuote(text, at);', 'return afterQuote(text, at);', "what is behind pass='' is reported"],
        [
          '      else if (text.charAt(at) === this.#quote) return at;',
          '',
          'what is behind a header is redacted',
        ],
        [
          'return again === decoded ? redacted : again;',
          'return redacted;',
          'a percent-encoded secret is reported',
        ],
        [
          'const at = this.#text.slice(start, this.#runEnd)',
          'const at = this.#text.slice(0, this.#runEnd)',
          'a password with a slash is cut in the wrong place',
        ],
        [
          'return this.#fieldEnd(from);',
          'return this.#plainEnd(from);',
          'a value with blanks of a connection string is reported',
        ],
        [
          'this.#namesSecret && FIELDS_OF_VALUES.has(lower)',
          'false',
          'the value of a named secret is reported',
        ],
      ],
      'redact',
    ),
    ...mutantsOf(`${FOLDER}/redact.ts`, [
      [
        'if (option.joined !== true) this.#next',
        'if (false) this.#next',
        'the value of an option that is parted is reported',
      ],
      [
        "if (isNameAlone(argument)) this.#next = 'secret unless an option';",
        '',
        'the value of a named option that is parted is reported',
      ],
      [
        '      command = new Command();\n      continue;',
        '      continue;',
        'options of one command are taken for those of another',
      ],
      ["argument.slice(argument.lastIndexOf('/') + 1)", 'argument', 'a program is not known by its path'],
      [
        "if (argument.startsWith('-') || SWITCH_VALUE.test(argument)) return undefined;",
        '',
        'an option in the place of a value is redacted',
      ],
      [
        'return after === undefined || this.#subcommands?.has(after) === true;',
        'return true;',
        'a published port is redacted',
      ],
      [
        'depth < DEPTH_MAX ? redactText(inner, depth + 1) : inner',
        'inner',
        'what is quoted in shell text is reported',
      ],
      [
        'while (at < argument.length && SWITCHES.has(argument.charAt(at))) at++;',
        '',
        'curl -sku is reported',
      ],
    ]),
    ...mutantsOf(
      `${FOLDER}/secret-name.ts`,
      [
        ['(ENDING.test(word) && !ORDINARY.has(word))', 'false', 'PGPASSWORD is reported'],
        ['ABOUT.has(last) || ', '', 'the name of a file is redacted'],
        ['word.toLowerCase()', 'word', 'DB_PASS is reported'],
        ["!(first === '/' && name === 'PWD')", 'true', 'the working directory is redacted'],
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
