import type { Resource } from '@opentelemetry/resources';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { Checkpoint, CheckpointChanges } from '../checkpoint.ts';
import type { Detection } from '../detect/detection.ts';
import type { Backlog, DeliveryCounts } from './delivery-counts.ts';

/** Why records cannot be spooled or delivered at the moment; undefined where they can. */
export interface DeliveryProblems {
  readonly spool: string | undefined;
  readonly collector: string | undefined;
}

/** A LogRecordProcessor that makes records durable on demand and accounts for each of them. */
export interface DurableLogRecordProcessor extends LogRecordProcessor {
  /** Takes a detection without a log record of the SDK in between; absent where that saves nothing. */
  onDetection?(detection: Detection): void;
  /**
   * Resolves when every record emitted so far survives the end of this process. Only then may the ring buffer's consumer
   * position move, since until then the kernel has the only durable copy of the events.
   */
  persist(): Promise<void>;
  /**
   * Has the next `persist` write these changes in one transaction with all records emitted before this call. Absent where
   * nothing is durable.
   * @param force write them also when there are no records to write
   */
  saveCheckpoint?(changes: CheckpointChanges, force: boolean): void;
  /** Sets the Resource of all records emitted from now on. */
  setResource?(resource: Resource): void;
  /** The saved checkpoint, including entries of earlier processes. */
  readonly checkpoint?: Checkpoint;
  /** From now on `persist` fails instead of waiting for a spool or a stdout that cannot be written. */
  stopWaiting?(): void;
  /** Deadline of a `shutdown` without an argument, as LoggerProvider.shutdown calls it, ms. */
  shutdownMillis?: number;
  /** Flushes for at most `deadlineMillis` and ends; undelivered records stay in the spool. */
  shutdown(deadlineMillis?: number): Promise<void>;
  /** Records lost at the end: neither written nor spooled. Without those that a closed stdout no longer took. */
  readonly lost?: number;
  counts(): DeliveryCounts;
  /** Absent, like `problems`, where nothing is spooled and nothing is sent. */
  backlog?(): Backlog;
  problems?(): DeliveryProblems;
}
