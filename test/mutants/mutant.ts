import { basename } from 'node:path';

/** One line of the source, wrong in a way that matters. */
export interface Mutant {
  /** From the root of the repository. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What goes wrong with it. */
  readonly why: string;
  /** Name of the test file that is tried first, without `.test.ts`; undefined: that of the file. */
  readonly first?: string | undefined;
}

/** A part of the source, and the tests that answer for it. */
export interface Area {
  readonly name: string;
  /** Percent of the mutants that must be killed. */
  readonly target: number;
  /** Test files, quick ones first: the first that fails kills a mutant. */
  readonly tests: readonly string[];
  readonly mutants: readonly Mutant[];
}

/** The mutants of one file. @param first see Mutant */
export function mutantsOf(
  file: string,
  mutants: readonly (readonly [find: string, replace: string, why: string])[],
  first?: string,
): Mutant[] {
  return mutants.map(([find, replace, why]) => ({ file, find, replace, why, first }));
}

/** The tests of an area, those first that most likely notice a mutant. */
export function likelyFirst({ file, first }: Mutant, tests: readonly string[]): string[] {
  const name = first ?? basename(file, '.ts');
  const isLikely = (test: string) => basename(test, '.test.ts') === name;
  return [...tests.filter(isLikely), ...tests.filter(test => !isLikely(test))];
}
