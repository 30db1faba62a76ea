import type { CapturedEvent, HookName } from './event.ts';

/** One rung: a program, and programs beside it that complete its events. */
export interface Rung {
  readonly hook: HookName;
  readonly program: string;
  /** Each inner list is one need: the first program of it that attaches is kept. */
  readonly companions: readonly (readonly string[])[];
  /** What this rung cannot see, for `doctor`. */
  readonly limits: readonly string[];
}

/** The hooks that can serve one capability, best first, and the harmless act that proves one alive. */
export interface Ladder {
  readonly capability: string;
  readonly rungs: readonly Rung[];
  /** Does, in this very process, what the capability sees. */
  provoke(): void;
  /** `event` is what `provoke` causes; the caller has checked that this process is the actor. */
  isProof(event: CapturedEvent): boolean;
  /** Added to the limits when a companion is missing. */
  readonly limitWithoutCompanions: string;
}

/** How one program fared. */
export interface Attempt {
  readonly hook: HookName;
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
