import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';

/** Renders a record as one line of text, without the line's end. */
export type LineFormat = (record: ReadableLogRecord) => string;
