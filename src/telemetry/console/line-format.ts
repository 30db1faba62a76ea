import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';

/** Formats a record as one line of text, without the line end. */
export type LineFormat = (record: ReadableLogRecord) => string;
