import type { ExportOutcome } from './export-outcome.ts';

/** Sends encoded requests to the collector. */
export interface OtlpTransport {
  /** The collector's address, for messages. */
  readonly address: string;
  /** Sends one request and waits for the response, at most for the request timeout. Never rejects. */
  send(request: Buffer): Promise<ExportOutcome>;
  /** Aborts requests in flight and closes the connections. */
  close(): void;
}
