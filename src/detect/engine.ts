import { LRUCache } from 'lru-cache';
import type { EventKind } from '../capture/event.ts';
import type { EnrichedEvent } from '../enrich/event.ts';
import type { Detection, Repeat, Signature } from './detection.ts';
import { kindOf } from './event-kind.ts';
import { selectSignatures } from './select-signatures.ts';

/** Most keys of reported detections (`Signature.once`) in memory; one that was evicted can be reported again. */
const ONCE_KEYS_MAX = 16_384;

export interface EngineOptions {
  /** Names of events and of sets (`signatures`, `default`, `base`) to report. Default: `['default']`. */
  readonly events?: readonly string[];
}

/** Turns enriched events into detections. */
export interface Engine {
  /** The selected signatures, in the order of the catalogue. */
  readonly signatures: readonly Signature[];
  /** The kinds of event that these signatures match: the capture need not deliver any other. */
  readonly kinds: ReadonlySet<EventKind>;
  /** The detections of an event, two for an open for reading and writing. Never throws. */
  detect(event: EnrichedEvent): readonly Detection[];
}

const NOTHING: readonly Detection[] = [];

function repeatOf(event: EnrichedEvent): Repeat | undefined {
  if (event.kind !== 'repeat') return undefined;
  return {
    count: Number(event.repeatCount),
    firstUnixNs: event.timeUnixNs - (event.timeNs - event.repeatFirstNs),
    lastUnixNs: event.timeUnixNs,
  };
}

/**
 * Build an engine. Every selected signature is matched on its own, so selecting one (a raw event included) never changes
 * the result of another.
 *
 * @throws {MemwardenError} CONFIG_INVALID when an event name is unknown.
 */
export function createEngine(options: EngineOptions = {}): Engine {
  const signatures = selectSignatures(options.events ?? ['default']);
  const byKind = Map.groupBy(
    signatures.flatMap(signature => signature.kinds.map(kind => ({ kind, signature }))),
    ({ kind }) => kind,
  );
  const known = new LRUCache<string, true>({ max: ONCE_KEYS_MAX });

  function isFirst(signature: Signature, event: EnrichedEvent): boolean {
    if (signature.once === undefined) return true;
    const key = `${signature.definition.eventName} ${signature.once(event)}`;
    if (known.get(key)) return false;
    known.set(key, true);
    return true;
  }

  function detect(captured: EnrichedEvent): readonly Detection[] {
    const kind = kindOf(captured);
    const selected = byKind.get(kind);
    if (selected === undefined) return NOTHING;
    const repeat = repeatOf(captured);
    const event = repeat === undefined ? captured : { ...captured, kind };
    const detections: Detection[] = [];
    for (const { signature } of selected) {
      const match = signature.match(event);
      if (match === undefined || !isFirst(signature, event)) continue;
      const { definition } = signature;
      const severity = match.severity ?? definition.severity;
      const detection = { definition, severity, match, event };
      detections.push(repeat === undefined ? detection : { ...detection, repeat });
    }
    return detections;
  }

  return { signatures, kinds: new Set(byKind.keys()), detect };
}
