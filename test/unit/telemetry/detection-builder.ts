import assert from 'node:assert/strict';
import type { Detection } from '../../../src/detect/detection.ts';
import { SIGNATURES } from '../../../src/detect/signatures/index.ts';
import type { EnrichedEvent } from '../../../src/enrich/event.ts';
import { buildEnrichedEvent } from '../event-builder.ts';

/** The detection of the named signature for an event; by default python3 opens the memory of Runner.Worker for reading. */
export function buildDetection(
  fields: Partial<EnrichedEvent> = {},
  eventName = 'proc_mem_access',
  overrides: Partial<Detection> = {},
): Detection {
  const event = buildEnrichedEvent(fields);
  const signature = SIGNATURES.find(({ definition }) => definition.eventName === eventName);
  assert(signature, `there is no signature ${eventName}`);
  const match = signature.match(event);
  assert(match, `${eventName} does not match the event`);
  const severity = match.severity ?? signature.definition.severity;
  return { definition: signature.definition, severity, match, event, ...overrides };
}
