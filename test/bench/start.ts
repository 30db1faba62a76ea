import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Report } from './report.ts';
import { BenchSidecar, type Form } from './sidecar.ts';
import { median, readable } from './statistics.ts';

const ROUNDS = 7;
const TARGET_MILLIS = 700;
const REPOSITORY = resolve(import.meta.dirname, '../..');

const WAYS: readonly {
  readonly name: string;
  readonly form: Form;
  readonly settings: Record<string, string>;
}[] = [
  { name: 'package, best hook that proves alive', form: 'package', settings: {} },
  {
    name: 'package, hook named (tracepoint)',
    form: 'package',
    settings: { MEMWARDEN_CAPTURE_HOOK: 'tracepoint' },
  },
  { name: 'sources, best hook that proves alive', form: 'sources', settings: {} },
];

/** Compiles the package's JavaScript when it is not there. @returns the folder */
export function compiledPackage(): string {
  const folder = join(REPOSITORY, 'dist');
  execFileSync(join(REPOSITORY, 'node_modules/.bin/tsc'), ['-p', join(REPOSITORY, 'src')], {
    stdio: 'inherit',
  });
  if (!existsSync(join(folder, 'cli/main.js')))
    throw new Error(`failed to compile the package into ${folder}`);
  return folder;
}

/** From the start of the process to hooks that are proven alive. */
export async function benchStart(): Promise<Report> {
  compiledPackage();
  const starts = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, form, settings } of WAYS) {
      const sidecar = await BenchSidecar.start(settings, form);
      starts.set(name, [...(starts.get(name) ?? []), sidecar.startMillis]);
      await sidecar.stop();
    }
  }
  const [first, named, sources] = WAYS.map(({ name }) => median(starts.get(name) ?? []));
  return {
    tables: [
      {
        head: ['How', 'Median', 'Fastest', 'Slowest'],
        rows: [...starts].map(([name, millis]) => [
          name,
          ...[median(millis), Math.min(...millis), Math.max(...millis)].map(value => `${readable(value)} ms`),
        ]),
      },
    ],
    targets: [
      {
        what: 'process start to hooks proven alive',
        target: `< ${TARGET_MILLIS} ms`,
        measured: `${readable(first ?? 0)} ms`,
        met: (first ?? 0) < TARGET_MILLIS,
      },
    ],
    ratios: [
      { name: 'best hook ÷ named hook', value: (first ?? 0) / (named ?? 1), better: 'lower' },
      { name: 'package ÷ sources', value: (first ?? 0) / (sources ?? 1), better: 'lower' },
    ],
    notes: [
      'From spawn(2) to the line `memwarden ready`: Node.js, its modules, the maps, and per capability a program that has ' +
        `seen its canary. ${ROUNDS} interleaved rounds. The package is what npm installs, the sources what a clone runs.`,
    ],
    raw: Object.fromEntries(starts),
  };
}
