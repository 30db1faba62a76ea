import type { Severity } from '../../detect/detection.ts';
import type { LogContext } from '../otlp/export-request.ts';

/** Encoded records of one severity, on their way to the collector. */
export interface Batch {
  readonly severity: Severity;
  /** How many records the body holds. */
  readonly records: number;
  /** The records, each with key and length (see `buildExportRequest`). */
  readonly body: Uint8Array;
}

/** Batches that one request is made of; nobody else takes them until they are settled. */
export interface Claim {
  readonly ids: readonly number[];
  readonly context: LogContext;
  readonly bodies: readonly Uint8Array[];
  readonly records: number;
}

/** How much one request may hold. */
export interface ClaimLimits {
  readonly records: number;
  readonly bytes: number;
  /** Oldest first, whatever the severity; else the highest severity first. */
  readonly inOrder: boolean;
}

/** Why records were set aside. */
export interface Refusal {
  /** gRPC status name, `HTTP <status>` or `CHECKSUM`. */
  readonly code: string;
  /** What the collector said. */
  readonly reason: string;
}
