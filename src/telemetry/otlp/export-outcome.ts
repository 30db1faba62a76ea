/** Result of one request, in the terms of the OTLP specification ("Failures", "Partial Success"). */
export type ExportOutcome =
  | {
      readonly kind: 'accepted';
      /** Number of the request's records that the collector did not take, and its message about them. */
      readonly rejected: number;
      readonly message: string;
    }
  | {
      readonly kind: 'retry';
      readonly reason: string;
      /** Delay that the collector requested (RetryInfo, Retry-After), milliseconds. */
      readonly delayMillis?: number;
      /** The connection itself may be dead: open a new one. */
      readonly reconnect?: boolean;
    }
  | {
      readonly kind: 'refused';
      /** gRPC status name or `HTTP <status>`. */
      readonly code: string;
      readonly reason: string;
      readonly blame: RefusalBlame;
    };

/**
 * Cause of a refusal. `records`: their content. `size`: smaller requests may be accepted. `connection`: credentials, rights
 * or address, which affect any request at the moment; the same records may be accepted later.
 */
export type RefusalBlame = 'records' | 'size' | 'connection';
