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

/** The batches of one request. No other request takes them until they are accepted, refused or released. */
export interface Claim {
  readonly ids: readonly number[];
  readonly context: LogContext;
  readonly bodies: readonly Uint8Array[];
  readonly records: number;
}

/** Limits of one request. */
export interface ClaimLimits {
  readonly records: number;
  readonly bytes: number;
  /** True: oldest first, whatever the severity. False: highest severity first. */
  readonly inOrder: boolean;
}

/** Why records were refused. */
export interface Refusal {
  /** gRPC status name, `HTTP <status>` or `CHECKSUM`. */
  readonly code: string;
  /** The collector's message. */
  readonly reason: string;
}
