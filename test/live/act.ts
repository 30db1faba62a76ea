/** One line of an attack program's output: an act, its target and its outcome. */
export interface Act {
  readonly technique: string;
  /** Name of the scenario it ran for, where the runner passed one (ATTACK_SCENARIO). */
  readonly scenario?: string;
  readonly actor_pid: number;
  readonly actor_tid: number;
  /** The actor's pid in its own pid namespace. */
  readonly actor_vpid: number;
  readonly actor_ppid: number;
  readonly executable: string;
  /** Absent when the act has no target process. */
  readonly target_pid?: number;
  readonly target_vpid?: number;
  readonly target_executable?: string;
  /** The target is a child, grandchild, … of the actor. */
  readonly descendant?: boolean;
  /** The file as the kernel names it. */
  readonly path?: string;
  /** Symbolic, for example `O_RDONLY|O_CLOEXEC`. */
  readonly flags?: string;
  readonly request?: string;
  /** Moved by the call. */
  readonly bytes?: number;
  readonly address?: string;
  readonly outcome: 'success' | 'failure';
  readonly errno?: string;
  readonly before_unix_ns: string;
  readonly after_unix_ns: string;
}

/** The output of an attack program. */
export interface GroundTruth {
  readonly acts: readonly Act[];
  /** Why this machine cannot run it. */
  readonly skip?: string;
}

/**
 * Reads the JSON lines in the output of an attack program; other lines (of a debugger, for example) are ignored.
 * Throws SyntaxError on a JSON line that is broken.
 */
export function parseGroundTruth(output: string): GroundTruth {
  const acts: Act[] = [];
  for (const line of output.split('\n')) {
    if (!line.startsWith('{"technique":')) continue;
    const value: Act | { readonly skip: string } = JSON.parse(line);
    if ('skip' in value) return { acts, skip: value.skip };
    acts.push(value);
  }
  return { acts };
}
