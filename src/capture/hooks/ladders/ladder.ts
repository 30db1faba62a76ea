import type { CapturedEvent, EventKind, HookName } from '../../event.ts';

/** One step: what must be attached together for a capability to work by this kind of hook. */
export interface LadderStep {
  readonly hook: HookName;
  /** All of them, or the step does not stand. */
  readonly programs: readonly string[];
  /** Programs that tell an event's outcome; the first that attaches is kept. */
  readonly results?: readonly string[];
  /** Attached where the kernel has them. */
  readonly optional?: readonly string[];
  /** Forms of one program for different kernels; the first that attaches is kept. */
  readonly oneOf?: readonly string[];
  /** What this step cannot see, for `doctor`. */
  readonly limits: readonly string[];
}

/** The hooks that can serve one capability, best first, and the harmless act that proves one alive. */
export interface Ladder {
  readonly capability: string;
  /** Without it there is no start. */
  readonly required: boolean;
  /** Nothing is loaded unless one of these is wanted. */
  readonly kinds: readonly EventKind[];
  readonly steps: readonly LadderStep[];
  /** Does, in this very process, what the capability sees. */
  provoke(): void;
  /** `event` is what `provoke` causes; the caller has checked that this process is the actor. */
  isProof(event: CapturedEvent): boolean;
}

/** How the programs of one step fared, or one program beside them. */
export interface Attempt {
  readonly hook: HookName;
  /** Names of programs, joined by `+`. */
  readonly program: string;
  /** `silent`: loaded and attached, and yet the canary was not seen. */
  readonly outcome: 'alive' | 'refused' | 'silent';
  readonly reason: string;
}

/** Which hook a capability got, and what was tried before. */
export interface CapabilityReport {
  readonly capability: string;
  /** Undefined: no hook of this kernel could be had. */
  readonly hook: HookName | undefined;
  readonly attempts: readonly Attempt[];
  readonly limits: readonly string[];
}
