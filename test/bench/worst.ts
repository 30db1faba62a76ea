import { PreparedDetection } from '../../src/detect/detection-stage.ts';
import { matchesGlob } from '../../src/detect/exceptions/glob.ts';
import { redactArguments } from '../../src/enrich/redact.ts';
import { jsonText, printable } from '../../src/printing/printable.ts';
import { toLogRecord } from '../../src/telemetry/record/record.ts';
import { buildActor, buildCapturedEvent, buildProcess } from '../unit/event-builder.ts';
import type { Report } from './report.ts';
import { readable } from './statistics.ts';

/** Longest texts that reach each part, characters. */
const COMMAND_LINE_MAX = 4_096;
const PATH_MAX = 4_096;
/** MW_PATH_BYTES: what the kernel reports of a path. */
const REPORTED_PATH_MAX = 512;
const PATTERN_MAX = 32;

/** Size of the search. A candidate costs some runs; the best of each generation have changed copies in the next one. */
const CANDIDATES = 40;
const SURVIVORS = 10;
const GENERATIONS = 6;
const WARM_UPS = 30;
const RUNS = 6;
const LAST_RUNS = 200;

const TARGET_MICROS = 1_000;

/** What some rule looks at, and what surrounds it. */
const WORDS = [
  ...[
    'password',
    'token',
    'key',
    'name',
    'value',
    'API_KEY',
    'a',
    'A',
    '1',
    '_',
    '-',
    '--',
    '-p',
    '-sk',
    '.',
  ],
  ...[
    ' ',
    '\0',
    '\n',
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
    '\\"',
    '{',
    '}',
    '<',
    '>',
  ],
  ...[
    '%3D',
    '%25',
    '%',
    'eyJ',
    'sk-',
    'xoxb-',
    'ghp_',
    'Bearer ',
    'Authorization: ',
    'Cookie: ',
    'pass:',
    '| ',
  ],
  ...[
    '-----BEGIN ',
    'PRIVATE KEY',
    'curl ',
    'mysql ',
    'vault put ',
    'echo x | ',
    'docker login ',
    'server=',
    '(',
    "''",
  ],
];
const PATHS = [
  '/',
  'a',
  'x/',
  '/opt/',
  '/usr/lib/',
  'chrome_',
  'crashpad_handler',
  'gdb',
  '\u202e',
  '\n',
  'é',
  '.',
];
const GLOBS = ['*', '**', '**/', '?', '[a-z]', '[!x]', '{a,x/,}', '{*,**}', 'a', '/', 'x', '.'];

/** A text: what it begins with, what is repeated to fill it, and what it ends with. */
interface Shape {
  readonly before: readonly string[];
  readonly unit: readonly string[];
  readonly behind: readonly string[];
}

/** An input: one shape for each of its texts. */
type Input = readonly Shape[];

interface Part {
  readonly name: string;
  /** Pieces of each of its texts, and their longest length. */
  readonly texts: readonly { readonly pieces: readonly string[]; readonly lengthMax: number }[];
  run(...texts: readonly string[]): void;
}

function redacted(line: string): string[] {
  return redactArguments(line.split('\0'));
}

const stage = new PreparedDetection(
  {
    detect: { events: ['default', 'dynamic_code_loading'], stormWindowMillis: 0 },
    // where no process is: the command line is that of the event
    enrich: { procfsPath: '/nowhere', redact: true },
  },
  () => 0n,
).start(detection => {
  const record = toLogRecord(detection, 'boot');
  jsonText(record.attributes);
  printable(String(record.body));
});
let pid = 10_000;

const PARTS: readonly Part[] = [
  {
    name: 'redaction of a command line',
    texts: [{ pieces: WORDS, lengthMax: COMMAND_LINE_MAX }],
    run: line => redacted(line ?? ''),
  },
  {
    name: 'a path and a glob of an exception',
    texts: [
      { pieces: PATHS, lengthMax: PATH_MAX },
      { pieces: GLOBS, lengthMax: PATTERN_MAX },
    ],
    run: (path = '', pattern = '') => matchesGlob(path, pattern),
  },
  {
    name: 'masking and escaping of a text',
    texts: [{ pieces: [...WORDS, ...PATHS, '\u202e\u001b'], lengthMax: COMMAND_LINE_MAX }],
    run: text => printable(text ?? ''),
  },
  {
    name: 'an event of new processes, from its capture to its line',
    texts: [
      { pieces: WORDS, lengthMax: COMMAND_LINE_MAX },
      { pieces: PATHS, lengthMax: REPORTED_PATH_MAX },
    ],
    run: (line = '', path = '') => {
      pid += 2;
      const executablePath = `/${path}`;
      const actor = buildActor({ tgid: pid, executablePath, arguments: line.split('\0'), uid: 0, euid: 0 });
      const target = buildProcess({ tgid: pid + 1, executablePath });
      stage.accept(buildCapturedEvent({ actor, target, targetIsDescendant: true, path: `/proc/${pid}/mem` }));
    },
  },
];

function oneOf<T>(values: readonly T[], fallback: T): T {
  return values[Math.floor(Math.random() * values.length)] ?? fallback;
}

function randomPieces(pieces: readonly string[], most: number): string[] {
  return Array.from({ length: Math.floor(Math.random() * (most + 1)) }, () => oneOf(pieces, ''));
}

function randomShape(pieces: readonly string[]): Shape {
  return {
    before: randomPieces(pieces, 3),
    unit: [oneOf(pieces, ''), ...randomPieces(pieces, 4)],
    behind: randomPieces(pieces, 2),
  };
}

/** With one piece of one of its lists exchanged, added or removed. */
function changed(shape: Shape, pieces: readonly string[]): Shape {
  const list = oneOf(['before', 'unit', 'behind'] as const, 'unit');
  const old = shape[list];
  const at = Math.floor(Math.random() * (old.length + 1));
  const inserted = Math.random() < 0.7 ? [oneOf(pieces, '')] : [];
  const result = [...old.slice(0, at), ...inserted, ...old.slice(at + (Math.random() < 0.5 ? 1 : 0))];
  return { ...shape, [list]: result };
}

function textOf({ before, unit, behind }: Shape, lengthMax: number): string {
  const [head, repeated, tail] = [before, unit, behind].map(list => list.join(''));
  const length = lengthMax - (head?.length ?? 0) - (tail?.length ?? 0);
  const body =
    repeated === undefined || repeated === '' ? '' : repeated.repeat(Math.ceil(length / repeated.length));
  return `${head}${body.slice(0, Math.max(length, 0))}${tail}`.slice(0, lengthMax);
}

/** The quickest of several runs, µs: the others have waited for the CPU or for a garbage collection. */
function microsOf(part: Part, input: Input, runs = RUNS): number {
  const texts = part.texts.map(({ lengthMax }, index) => {
    const shape = input[index];
    return shape === undefined ? '' : textOf(shape, lengthMax);
  });
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const began = performance.now();
    part.run(...texts);
    best = Math.min(best, (performance.now() - began) * 1_000);
  }
  return best;
}

interface Found {
  readonly input: Input;
  readonly micros: number;
}

function search(part: Part): Found & { readonly tried: number } {
  const measured = (input: Input): Found => ({ input, micros: microsOf(part, input) });
  const random = () => part.texts.map(({ pieces }) => randomShape(pieces));
  for (let run = 0; run < WARM_UPS; run++) microsOf(part, random());
  let found = Array.from({ length: CANDIDATES }, () => measured(random()));
  for (let generation = 1; generation < GENERATIONS; generation++) {
    const survivors = found.toSorted((a, b) => b.micros - a.micros).slice(0, SURVIVORS);
    const children = Array.from({ length: CANDIDATES - SURVIVORS }, () => {
      const parent = oneOf(survivors, { input: random(), micros: 0 });
      return measured(parent.input.map((shape, i) => changed(shape, part.texts[i]?.pieces ?? [])));
    });
    // measured again: what was slow by chance does not stay
    found = [...survivors.map(({ input }) => measured(input)), ...children];
  }
  // the last ones thoroughly: the slowest of many short measurements is mostly the one with the worst luck
  const [worst = measured(random())] = found
    .toSorted((a, b) => b.micros - a.micros)
    .slice(0, SURVIVORS)
    .map(({ input }) => ({ input, micros: microsOf(part, input, LAST_RUNS) }))
    .toSorted((a, b) => b.micros - a.micros);
  return { ...worst, tried: CANDIDATES * GENERATIONS };
}

function shown(input: Input): string {
  const pieces = (list: readonly string[]) => JSON.stringify(list.join('')).replaceAll('|', '\\|');
  return input
    .map(({ before, unit, behind }) => `${pieces(before)} + n × ${pieces(unit)} + ${pieces(behind)}`)
    .join('; ');
}

/** The worst that an actor can do with what it chooses: its command line, its paths, its texts. */
export async function benchWorst(): Promise<Report> {
  const results = PARTS.map(part => ({ part, ...search(part) }));
  return {
    tables: [
      {
        head: ['part', 'worst found, µs', 'candidates', 'input'],
        rows: results.map(({ part, micros, tried, input }) => [
          part.name,
          readable(micros),
          readable(tried),
          `\`${shown(input)}\``,
        ]),
      },
    ],
    targets: results.map(({ part, micros }) => ({
      what: part.name,
      target: '≤ 1 ms',
      measured: `${readable(micros)} µs`,
      met: micros <= TARGET_MICROS,
    })),
    ratios: [],
    notes: [
      `A search, not a guess: ${GENERATIONS} generations of ${CANDIDATES} inputs; the ${SURVIVORS} slowest have changed copies in the next one. ` +
        `Command lines and paths have ${COMMAND_LINE_MAX} characters, patterns ${PATTERN_MAX}, the paths of an event ${REPORTED_PATH_MAX}; the time is the quickest of ${LAST_RUNS} runs.`,
    ],
    raw: results.map(({ part, micros, input }) => ({ part: part.name, micros, input })),
  };
}
