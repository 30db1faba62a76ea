import type { ExportOutcome } from './export-outcome.ts';
import type { Signal } from './signal.ts';

/**
 * Decodes the body of a successful response. If that fails the peer is not a collector and may not have stored anything,
 * so the request is sent again.
 */
export function readResponse(signal: Signal, body: Uint8Array): ExportOutcome {
  try {
    return { kind: 'accepted', ...signal.readResponse(body) };
  } catch (error) {
    return {
      kind: 'retry',
      reason: `the answer is not OTLP: ${error instanceof Error ? error.message : error}`,
    };
  }
}
