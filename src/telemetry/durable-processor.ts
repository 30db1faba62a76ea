import type { Resource } from '@opentelemetry/resources';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { Checkpoint, CheckpointChanges } from '../checkpoint.ts';
import type { Detection } from '../detect/detection.ts';
import type { Backlog, DeliveryCounts } from './delivery-counts.ts';

/** What stands in the way of the records, in words; undefined: nothing. */
export interface DeliveryProblems {
  readonly spool: string | undefined;
  readonly collector: string | undefined;
}

/** What stands behind the LoggerProvider: takes records at once, makes them durable on demand, accounts for each. */
export interface DurableLogRecordProcessor extends LogRecordProcessor {
  /** Takes a detection at once, without a log record of the SDK between; absent where that gains nothing. */
  onDetection?(detection: Detection): void;
  /**
   * Resolves when every record emitted so far is safe against the end of this process. Until then the kernel must
   * saveCheckpoint the events: the ring buffer's consumer position moves only afterwards.
   */
  persist(): Promise<void>;
  /**
   * Where there is something durable: `persist` keeps these together with all that was emitted before the call.
   * @param alone they are worth keeping when nothing was emitted
   */
  saveCheckpoint?(changes: CheckpointChanges, alone: boolean): void;
  /** What is emitted from now on has this Resource. */
  setResource?(resource: Resource): void;
  /** What has been kept, also by a process before this one. */
  readonly checkpoint?: Checkpoint;
  /** From now on `persist` does not wait for a spool or a stdout that cannot be written. */
  hurry?(): void;
  /** Longest time that `shutdown` may take where its caller names none, as LoggerProvider.shutdown does not, ms. */
  shutdownMillis?: number;
  /** Flushes for at most `deadlineMillis` and ends; what is not delivered by then stays in the spool. */
  shutdown(deadlineMillis?: number): Promise<void>;
  /** Records that are gone for good although somebody wanted them: not written, or not spooled before the end. */
  readonly lost?: number;
  counts(): DeliveryCounts;
  /** Absent, like `problems`, where nothing is spooled and nothing is sent. */
  backlog?(): Backlog;
  problems?(): DeliveryProblems;
}
