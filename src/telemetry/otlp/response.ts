import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { ExportOutcome } from './export-outcome.ts';

/**
 * Reads the body of a positive answer (ExportLogsServiceResponse). What cannot be read came from something that is no
 * collector, so nothing is known to have been stored, and the request is to be sent again.
 */
export function readResponse(body: Uint8Array): ExportOutcome {
  try {
    const { partialSuccess } = ProtobufLogsSerializer.deserializeResponse(body);
    return {
      kind: 'accepted',
      rejected: partialSuccess?.rejectedLogRecords ?? 0,
      message: partialSuccess?.errorMessage ?? '',
    };
  } catch (error) {
    return {
      kind: 'retry',
      reason: `the answer is not OTLP: ${error instanceof Error ? error.message : error}`,
    };
  }
}
