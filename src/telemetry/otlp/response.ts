import type { ExportOutcome } from './export-outcome.ts';
import type { Signal } from './signal.ts';

/**
 * Reads the body of a positive answer. What cannot be read came from something that is no
 * collector, so nothing is known to have been stored, and the request is to be sent again.
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
