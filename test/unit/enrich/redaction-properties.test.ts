import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { redactArguments } from '../../../src/enrich/redact.ts';
import { REDACTED } from '../../../src/enrich/redact-argument.ts';
import { HARMLESS, SECRETS } from './redaction-cases.ts';
import { FORMS } from './redaction-forms.ts';

const RUNS = 500;

/** Pieces that some rule matches, and separators around them. */
const PIECES = [
  ...[
    'password',
    'token',
    'secret',
    'API_KEY',
    'pass',
    'x',
    'a',
    'A',
    'Ab',
    '1',
    '_',
    '-',
    '--',
    '.',
    ' ',
    '\n',
  ],
  ...[
    '=',
    ':',
    '://',
    '@',
    '/',
    '?',
    '&',
    ',',
    ';',
    '"',
    "'",
    '\\',
    '{',
    '}',
    '%',
    'eyJ',
    'Bearer ',
    'pass:',
  ],
  ...['-----BEGIN ', 'PRIVATE KEY', '-----', 'curl', '-u', '-p', '-P', '-a', 'mysql', 'login', 'ghp_', 'sk-'],
];
const piece = fc.constantFrom(...PIECES);
const argument = fc.array(piece, { maxLength: 12 }).map(all => all.join(''));
const commandLine = fc.array(argument, { maxLength: 8 });

/** CPU time, µs, which does not depend on the load of the machine. */
function costOf(args: readonly string[]): number {
  const before = process.cpuUsage().user;
  redactArguments(args);
  return process.cpuUsage().user - before;
}

const SMALL = 4_096;
const TIMES = 16;
/** Work that grows with the square of the length grows 256-fold; with the length, 16-fold. */
const GROWTH_MAX = 64;
const COST_MIN_MICROS = 1_500;

function assertLinear(before: string, repeated: string, behind: string): void {
  const line = (length: number) => {
    const text = before + repeated.repeat(Math.ceil(length / repeated.length)) + behind;
    return ['sh', '-c', text];
  };
  // warm-up: compiles the code
  costOf(line(SMALL));
  const small = Math.max(costOf(line(SMALL)), costOf(line(SMALL)), COST_MIN_MICROS);
  let large = Number.POSITIVE_INFINITY;
  // repeated, since a garbage collection may fall into one measurement
  for (let i = 0; i < 2 && large > GROWTH_MAX * small; i++) large = costOf(line(SMALL * TIMES));
  const shape = JSON.stringify([before, repeated, behind]);
  assert.ok(large <= GROWTH_MAX * small, `${shape}: ${small} µs become ${large} µs`);
}

// regression: one long argument of a single letter kept the sidecar busy for a second
test('an argument of sixteen times the length costs at most a few times sixteen times as much', () => {
  const hostile = [
    ...[
      'a',
      'A',
      'Aa',
      'a.',
      'a_',
      '-',
      '1a',
      '"',
      "'",
      '\\',
      'a=',
      'a:',
      '://',
      'a://',
      'x://a',
      ' ',
      'x ',
      'a -',
    ],
    ...['eyJ', 'eyJ-', 'eyJ.', 'eyJaaaaaaaa.', '-----BEGIN ', '-----BEGIN PRIVATE KEY-----', 'PRIVATE KEY'],
    ...[
      '{"a":"',
      'bearer ',
      'password=',
      'password ',
      '--password ',
      'a"',
      "a'",
      "'a' ",
      '-u ',
      'pass:',
      '|',
      '; ',
    ],
  ];
  for (const repeated of hostile) {
    for (const [before, behind] of [
      ['', ''],
      ['', '!'],
      ['', '='],
      ['"', ''],
      ["x '", ''],
      ['-----BEGIN ', 'x'],
      ['http://', ''],
    ] as const)
      assertLinear(before, repeated, behind);
  }
});

test('the cost grows linearly with the length, whatever is repeated', () => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 3 }),
      fc.array(piece, { minLength: 1, maxLength: 4 }),
      fc.array(piece, { maxLength: 2 }),
      (before, repeated, behind) => assertLinear(before.join(''), repeated.join(''), behind.join('')),
    ),
    { numRuns: 60 },
  );
});

test('many arguments cost no more than one of the same total length', () => {
  for (const word of ['a', '-p', '-u', '--password', 'mysql', 'x=y']) {
    const line = (count: number) => Array.from({ length: count }, (_, i) => `${word}${i % 7}${i}`);
    costOf(line(1_000));
    const small = Math.max(costOf(line(1_000)), COST_MIN_MICROS);
    assert.ok(costOf(line(16_000)) <= GROWTH_MAX * small, word);
  }
});

test('redaction is idempotent', () => {
  const again = (args: readonly string[]) => {
    const once = redactArguments(args);
    assert.deepEqual(redactArguments(once), once);
  };
  for (const [, given] of SECRETS) again(given.split(' | '));
  for (const form of FORMS) again(form.split(' | '));
  // with spaces or quotes, text beside a mark may be redacted in the second run, as a part of the value
  const words = commandLine.filter(args => args.every(text => !/[\s"'\\]/.test(text)));
  fc.assert(fc.property(words, again), { numRuns: RUNS });
});

test('the number of arguments stays the same, and none grows by more than its marks', () => {
  fc.assert(
    fc.property(commandLine, args => {
      const redacted = redactArguments(args);
      assert.equal(redacted.length, args.length);
      redacted.forEach((text, i) => {
        const marks = text.split(REDACTED).length - 1;
        const left = text.length - marks * REDACTED.length;
        assert.ok(left <= (args[i]?.length ?? 0));
      });
    }),
    { numRuns: RUNS },
  );
});

test('words without a secret name, a separator or a known format are unchanged', () => {
  const word = fc
    .stringMatching(/^[a-z0-9]{1,12}$/)
    .filter(text => !/pass|secret|token|key|pwd|psk|jwt/.test(text));
  const harmless = fc.array(
    fc.array(word, { minLength: 1, maxLength: 4 }).map(all => all.join(' ')),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(harmless, args => {
      assert.deepEqual(redactArguments(args), args);
    }),
    { numRuns: RUNS },
  );
});

test('harmless arguments are unchanged beside secrets', () => {
  const harmless = fc.constantFrom(...HARMLESS.map(([, given]) => given.split(' | ')));
  fc.assert(
    fc.property(harmless, args => {
      const [first, ...rest] = redactArguments(['app', '--password=x', 'run', ...args.slice(1)]);
      assert.equal(first, 'app');
      assert.deepEqual(rest[0], `--password=${REDACTED}`);
    }),
    { numRuns: 50 },
  );
});

test('a value after a secret name is redacted, whatever its characters', () => {
  const name = fc.constantFrom('--password', '--db-token', 'API_SECRET', 'X-Api-Key', '-Daccess.token');
  const secret = fc
    .stringMatching(/^[A-Za-z0-9+/=._~!#$^*()-]{12,24}$/)
    .filter(text => !text.startsWith('-'));
  fc.assert(
    fc.property(name, secret, (name, secret) => {
      for (const args of [
        [`${name}=${secret}`],
        ['env', `${name}=${secret}`, 'run'],
        ['sh', '-c', `app ${name}=${secret} run`],
        ['sh', '-c', `app "${name}=${secret}" run`],
      ]) {
        const text = redactArguments(args).join('\0');
        assert.ok(!text.includes(secret), `${args} became ${text}`);
      }
    }),
    { numRuns: RUNS },
  );
});
