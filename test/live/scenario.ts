import type { HookName } from '../../src/capture/event.ts';
import type { AccessMethod, AccessMode, Severity } from '../../src/detect/detection.ts';

/** What a machine must have in addition to the attack programs. */
export type Need = 'gdb' | 'python3' | 'x64';

/** A capability of hooks; the key in `memwarden.capture.hook`. */
export type Capability = 'file_open' | 'ptrace' | 'descriptor' | 'memory_io' | 'memory_protection';

/** What a kind of hook cannot record. A record that is missing for this reason is a limit of the kernel, not a failure. */
export interface Limit {
  /** `none`: the kernel gives the capability no hook. */
  readonly hook: HookName | 'none';
  /** The first kernel without the limit, as major.minor; every kernel has it unless given. */
  readonly before?: `${number}.${number}`;
  readonly reason: string;
}

/** One expected record. Its pids, path, flags, outcome, executables and time must be those of the act. */
export interface Expectation {
  readonly eventName: string;
  /** Absent on raw events. */
  readonly id?: string;
  readonly severity: Severity;
  readonly method: AccessMethod;
  /** Absent when nothing is read or written. */
  readonly mode?: AccessMode;
  /** Which line of the ground truth it is about; the first one unless given. */
  readonly act?: number;
  /** Attributes with a value of their own, for example `alert`. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  readonly limits?: readonly Limit[];
}

/** One attack and its expected records. The live tests and the kernel matrix share these. */
export interface Scenario {
  /** Unique; the row of the table. */
  readonly name: string;
  /** Program in test/attacks (a built C program, or a Python file) and its arguments. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly capability: Capability;
  readonly needs?: readonly Need[];
  /** Empty: the act must raise nothing. */
  readonly expect: readonly Expectation[];
  /** Records that may come as well, by event name; for tools that do more than the act. */
  readonly allow?: readonly string[];
  /** Where a record may come without an outcome (a wrong one is never allowed), and why. */
  readonly unknownOutcome?: Partial<Readonly<Record<HookName, string>>>;
}
