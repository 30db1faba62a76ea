import type { CheckpointChanges } from '../checkpoint.ts';
import type { CapturedEvent } from './event.ts';

/**
 * Who caused an event, and whether it is new: `own`: the sidecar itself, for example a canary. `reported`: another process,
 * but the programs of the previous version recorded the event as well, and it is reported already. `other`: all others.
 */
export type Origin = 'own' | 'reported' | 'other';

/**
 * One reading of the ring buffer, with the checkpoint that the next process resumes from. The checkpoint is empty where
 * nothing is pinned, since the next process then starts with new maps.
 */
export interface Round {
  /** The ring buffer has been read to its end. */
  readonly drained: boolean;
  /** How far the ring buffer was read. To be saved only together with the results of the events up to there. */
  readonly position: CheckpointChanges;
  /** Repeats that were reported. */
  readonly reportedRepeats: CheckpointChanges;
}

/** The capture calls `onEvent` for each event of a round, then `onRound`. */
export interface CaptureConsumer {
  onEvent(event: CapturedEvent, origin: Origin): void;
  /**
   * All events of the round have been handed over. Their space in the ring buffer is released when this returns or
   * resolves. The round's checkpoint must be saved in one step with the results of its events, for `resume`.
   */
  onRound(round: Round): void | Promise<void>;
}
