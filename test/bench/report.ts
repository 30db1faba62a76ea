import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';

/** The results: for readers in one file, for `bench:check` in one file per benchmark. */
export const RESULTS = join(import.meta.dirname, 'RESULTS.md');
export const RESULTS_FOLDER = join(import.meta.dirname, 'results');

export interface Table {
  readonly title?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A target and its result. */
export interface Target {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly met: boolean;
}

/** A number that does not depend on the speed of the machine, for `bench:check`. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly better: 'higher' | 'lower';
}

/** The report of a benchmark. */
export interface Report {
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  readonly ratios: readonly Ratio[];
  /** The method, and the reason for a missed target. */
  readonly notes: readonly string[];
  /** The single measurements. */
  readonly raw: unknown;
}

/** A report with machine and time. */
export interface Result extends Report {
  readonly name: string;
  readonly title: string;
  readonly date: string;
  readonly machine: Machine;
}

/** Saves a result as JSON and in its block of RESULTS.md. */
export function keep(result: Result): void {
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  writeFileSync(pathOf(result.name), `${JSON.stringify(result, undefined, 1)}\n`);
  const text = readFileSync(RESULTS, 'utf8');
  const begin = `<!-- begin ${result.name} -->`;
  const end = `<!-- end ${result.name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`failed to write ${RESULTS}: it has no block ${begin}`);
  writeFileSync(RESULTS, `${text.slice(0, from)}${begin}\n${render(result)}${text.slice(to)}`);
}

/** @throws Error when the benchmark was never run here */
export function kept(name: string): Result {
  return JSON.parse(readFileSync(pathOf(name), 'utf8')) as Result;
}

/** As Markdown. */
export function render({ name, title, date, machine, tables, targets, notes }: Result): string {
  const lines = [`## ${title}`, '', `\`npm run bench:${name}\`, ${date}. ${machine.text}`, ''];
  if (targets.length > 0) {
    const rows = targets.map(({ what, target, measured, met }) => [
      what,
      target,
      measured,
      met ? 'yes' : '**no**',
    ]);
    lines.push(...markdown({ head: ['Target', 'Wanted', 'Measured', 'Met'], rows }), '');
  }
  for (const table of tables) {
    if (table.title !== undefined) lines.push(`${table.title}:`, '');
    lines.push(...markdown(table), '');
  }
  lines.push(...notes.map(note => `- ${note}`), '');
  return lines.join('\n');
}

function markdown({ head, rows }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function pathOf(name: string): string {
  return join(RESULTS_FOLDER, `${name}.json`);
}
