import type { CapturedEvent, EventKind, HookName } from '../../event.ts';

/** One step: the programs that together make a capability work with one kind of hook. */
export interface LadderStep {
  readonly hook: HookName;
  /** Required: the step fails unless all of them attach. */
  readonly programs: readonly string[];
  /** Programs that add the result to an event; the first that attaches is kept. */
  readonly results?: readonly string[];
  /** Attached where the kernel has them. */
  readonly optional?: readonly string[];
  /** Variants of one program for different kernels; the first that attaches is kept. */
  readonly oneOf?: readonly string[];
  /** What this step cannot record, printed by `doctor`. */
  readonly limits: readonly string[];
}

/** The hooks that can serve one capability, best first, and the harmless access (canary) that proves one alive. */
export interface Ladder {
  readonly capability: string;
  /** The start fails without it. */
  readonly required: boolean;
  /** Kinds of events that it records. Its programs are loaded only if one of these is wanted. */
  readonly kinds: readonly EventKind[];
  readonly steps: readonly LadderStep[];
  /** Performs, in this process, an access that the capability records. */
  provoke(): void;
  /** `event` is what `provoke` causes; the caller has checked that this process is the actor. */
  isProof(event: CapturedEvent): boolean;
}

/** Outcome of attaching the programs of one step, or one program beside them. */
export interface Attempt {
  readonly hook: HookName;
  /** Names of programs, joined by `+`. */
  readonly program: string;
  /** `silent`: loaded and attached, but the canary was not recorded. */
  readonly outcome: 'alive' | 'refused' | 'silent';
  readonly reason: string;
}

/** Which hook a capability got, and what was tried before. */
export interface CapabilityReport {
  readonly capability: string;
  /** Undefined: no hook works on this kernel. */
  readonly hook: HookName | undefined;
  readonly attempts: readonly Attempt[];
  readonly limits: readonly string[];
}
