import { availableParallelism } from 'node:os';

/** How long one of the project's commands may take. Limits catch what hangs; a slow machine must not reach them. */
export interface Limits {
  readonly commandSeconds: number;
  /** For commands that are tests: of each test. One that names a limit of its own may take twice as long at most. */
  readonly testSeconds?: number;
  /** For commands that are tests: of each test file. */
  readonly fileSeconds?: number;
}

export interface Command extends Limits {
  /** What Node runs. */
  readonly words: readonly string[];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

interface TestLimits extends Limits {
  readonly testSeconds: number;
  readonly fileSeconds: number;
}

function tests(limits: TestLimits, words: readonly string[]): Command {
  return { ...limits, words: ['--test', `--test-timeout=${limits.testSeconds * 1_000}`, ...words] };
}

/** Files that share the kernel's events or ports run one after the other. */
const ONE_BY_ONE = '--test-concurrency=1';

const LIVE: TestLimits = {
  testSeconds: 5 * MINUTE,
  fileSeconds: 15 * MINUTE,
  commandSeconds: 22 * MINUTE,
};

/** The oldest kernel and the newest, and each hook once. */
const CI_CELLS = ['6.1-amd64-fentry', '6.1-amd64-kprobe', 'newest-amd64-lsm', 'newest-amd64-tracepoint'];

/** Those of `npm test` take less than the 90 minutes of continuous integration, even if each reaches its limit. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  unit: tests({ testSeconds: 2 * MINUTE, fileSeconds: 5 * MINUTE, commandSeconds: 10 * MINUTE }, [
    // node:test leaves one CPU out, which is every other one where there are two
    `--test-concurrency=${availableParallelism()}`,
    'test/unit/**/*.test.ts',
    'test/conformance/**/*.test.ts',
    'test/runner/**/*.test.ts',
  ]),
  live: tests(LIVE, [ONE_BY_ONE, 'test/live/**/*.test.ts', 'test/benign/**/*.test.ts']),
  'live-flooded': { commandSeconds: 5 * HOUR, words: ['test/live/flooded.ts'] },
  benign: tests(LIVE, [ONE_BY_ONE, 'test/benign/**/*.test.ts']),
  // the first one builds a Collector, another an image
  e2e: tests({ testSeconds: 10 * MINUTE, fileSeconds: 20 * MINUTE, commandSeconds: 24 * MINUTE }, [
    ONE_BY_ONE,
    'test/e2e/**/*.test.ts',
  ]),
  chaos: tests({ testSeconds: 20 * MINUTE, fileSeconds: HOUR, commandSeconds: 4 * HOUR }, [
    ONE_BY_ONE,
    'test/chaos/**/*.test.ts',
  ]),
  boot: tests({ testSeconds: 3 * MINUTE, fileSeconds: 7 * MINUTE, commandSeconds: 7 * MINUTE }, [
    'test/vm/boot.test.ts',
  ]),
  vm: { commandSeconds: 8 * HOUR, words: ['test/vm/run.ts'] },
  'vm-ci': {
    commandSeconds: 13 * MINUTE,
    words: ['test/vm/run.ts', ...CI_CELLS.flatMap(cell => ['--cell', cell])],
  },
  mutants: { commandSeconds: 8 * HOUR, words: ['test/mutants/run.ts'] },
  fresh: { commandSeconds: 4 * HOUR, words: ['test/fresh/run.ts'] },
  'fresh-demo': {
    commandSeconds: 10 * MINUTE,
    words: ['test/fresh/run.ts', '--half', 'demo', '--system', 'trixie'],
  },
  attacks: { commandSeconds: HOUR, words: ['test/live/table.ts'] },
  bench: { commandSeconds: 6 * HOUR, words: ['test/bench/main.ts'] },
  'bench-check': { commandSeconds: 6 * HOUR, words: ['test/bench/check.ts'] },
};
