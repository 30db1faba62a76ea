/** What became of one request, in the terms of the OTLP specification ("Failures", "Partial Success"). */
export type ExportOutcome =
  | {
      readonly kind: 'accepted';
      /** Records of the request that the collector did not take, and what it said about them. */
      readonly rejected: number;
      readonly message: string;
    }
  | {
      readonly kind: 'retry';
      readonly reason: string;
      /** Wait that the collector asked for (RetryInfo, Retry-After), milliseconds. */
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
 * Whose fault a refusal is. `records`: something in them. `size`: smaller requests may do. `connection`: credentials,
 * rights or address; any other request would fare the same now, and these records may be welcome later.
 */
export type RefusalBlame = 'records' | 'size' | 'connection';
