import type { ExportOutcome } from './export-outcome.ts';

/** Carries encoded requests to the collector. */
export interface OtlpTransport {
  /** The collector's address, for messages. */
  readonly address: string;
  /** Sends one request of its signal and waits for the answer, at most the request timeout. Never rejects. */
  send(request: Buffer): Promise<ExportOutcome>;
  /** Gives up what is under way and closes the connections. */
  close(): void;
}
