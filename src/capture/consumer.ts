import type { CheckpointChanges } from '../checkpoint.ts';
import type { CapturedEvent } from './event.ts';

/**
 * Whose event it is: the sidecar's own doing, for example a canary; one that the programs of another version saw as well,
 * and told; or anybody else's.
 */
export type Origin = 'own' | 'reported' | 'other';

/** One reading of the ring buffer, and what the next process must know of it: nothing, where nothing is pinned for it. */
export interface Round {
  /** The ring buffer has been read to its end. */
  readonly drained: boolean;
  /** How far the ring buffer was read; of use only together with something that came of the events. */
  readonly position: CheckpointChanges;
  /** Repetitions that were told. */
  readonly reportedRepeats: CheckpointChanges;
}

/** What the capture calls, in this order, for every round of the ring buffer. */
export interface CaptureConsumer {
  onEvent(event: CapturedEvent, origin: Origin): void;
  /**
   * All events of the round have been given. The kernel gets their space back when this returns or resolves.
   * Its checkpoint are to be kept together with what came of the events, for `resume`.
   */
  onRound(round: Round): void | Promise<void>;
}
