import type { Resource } from '@opentelemetry/resources';
import type { LogContext } from '../otlp/export-request.ts';
import { encodeResource, encodeScope } from '../otlp/log-encoder.ts';
import { SCOPE } from '../record/scope.ts';

/** What all records of one Resource have in common, encoded. */
export function contextOf(resource: Resource): LogContext {
  return { resource: encodeResource(resource), scope: encodeScope(SCOPE) };
}
