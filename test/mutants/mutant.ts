/** One line of the source, wrong in a way that matters. */
export interface Mutant {
  /** From the root of the repository. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What goes wrong with it. */
  readonly why: string;
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

/** The mutants of one file. */
export function mutantsOf(
  file: string,
  mutants: readonly (readonly [find: string, replace: string, why: string])[],
): Mutant[] {
  return mutants.map(([find, replace, why]) => ({ file, find, replace, why }));
}
