import { type DecodedRecord, decodeMessage } from '../../../../src/telemetry/otlp/log-decoder.ts';
import { readFields } from '../../../../src/telemetry/otlp/message-reader.ts';

/** Fields of ExportLogsServiceRequest, ResourceLogs and ScopeLogs: opentelemetry/proto/logs/v1/logs.proto. */
const RESOURCE_LOGS = 1;
const SCOPE_LOGS = 2;
const LOG_RECORDS = 2;

/** The records of an ExportLogsServiceRequest. */
export function* requestRecords(request: Uint8Array): Generator<DecodedRecord> {
  for (const resourceLogs of submessages(request, RESOURCE_LOGS)) {
    for (const scopeLogs of submessages(resourceLogs, SCOPE_LOGS)) {
      for (const record of submessages(scopeLogs, LOG_RECORDS)) yield decodeMessage(record);
    }
  }
}

function* submessages(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const { field, content } of readFields(message)) {
    if (field === wanted && content instanceof Uint8Array) yield content;
  }
}
