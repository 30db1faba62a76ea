import type { Resource } from '@opentelemetry/resources';
import type { LogContext } from '../otlp/export-request.ts';
import { encodeResource, encodeScope } from '../otlp/log-encoder.ts';
import { SCOPE } from '../record/scope.ts';

/** Encodes Resource and scope, which all records of a request share. */
export function contextOf(resource: Resource): LogContext {
  return { resource: encodeResource(resource), scope: encodeScope(SCOPE) };
}
