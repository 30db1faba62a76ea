import type { Severity } from '../../detect/detection.ts';
import { EVENTS_LOST, MEMWARDEN, OTEL } from '../../telemetry/record/attributes.ts';
import type { ConsoleRecord } from './console-record.ts';

export interface RecordFilter {
  /** Names of events; undefined: all. */
  readonly events: ReadonlySet<string> | undefined;
  readonly minimum: Severity;
  /** Prefix of the actor's or the target's container id; undefined: any container, and none. */
  readonly container: string | undefined;
}

/** Whether a record is shown. A loss always is: a view must not look complete when it is not. */
export function isWanted({ eventName, attributes }: ConsoleRecord, filter: RecordFilter): boolean {
  if (eventName === EVENTS_LOST) return true;
  if (filter.events !== undefined && !filter.events.has(eventName)) return false;
  if (Number(attributes[MEMWARDEN.SEVERITY] ?? 0) < filter.minimum) return false;
  const { container } = filter;
  if (container === undefined) return true;
  const ids = [attributes[OTEL.CONTAINER_ID], attributes[MEMWARDEN.TARGET_CONTAINER_ID]];
  return ids.some(id => typeof id === 'string' && id.startsWith(container));
}
