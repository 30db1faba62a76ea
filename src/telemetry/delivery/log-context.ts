import type { Resource } from '@opentelemetry/resources';
import type { LogContext } from '../otlp/export-request.ts';
import type { LogEncoder } from '../otlp/log-encoder.ts';
import { SCOPE } from '../scope.ts';

/** What all records of one Resource have in common, encoded. */
export function contextOf(encoder: LogEncoder, resource: Resource): LogContext {
  return { resource: encoder.encodeResource(resource), scope: encoder.encodeScope(SCOPE) };
}
