import type { ProcessIdentity } from '../../capture/event.ts';
import type { Detection, EventDefinition } from '../../detect/detection.ts';
import type { EnrichedEvent, ProcessDetails } from '../../enrich/event.ts';
import {
  accessAttributes,
  actorAttributes,
  findingAttributes,
  ratingAttributes,
  ruleAttributes,
  SEVERITIES,
  targetAttributes,
} from '../record.ts';
import { toSentence } from '../sentence.ts';
import type { LogEncoder } from './log-encoder.ts';

const NS_PER_MILLI = 1_000_000n;
const NOTHING = new Uint8Array();

/** A process as it was encoded, and what of it may change while its identity is the same object. */
interface EncodedProcess {
  readonly details: ProcessDetails;
  /** Wall clock minus boot clock, ms: the start time that is told depends on it. */
  readonly clockMillis: number;
  readonly bytes: Uint8Array;
}

/**
 * Encodes detections without a live record between, whose 45 or so attributes the SDK would copy and check one by one.
 * The bytes are those of `toLogRecord` behind the SDK's serializer, which its test compares. What records have in
 * common, the rule and in a storm both processes, is encoded once and copied.
 */
export class DetectionEncoder {
  readonly #encoder: LogEncoder;
  readonly #bootId: string;
  readonly #rules = new WeakMap<EventDefinition, Uint8Array>();
  readonly #actors = new WeakMap<ProcessIdentity, EncodedProcess>();
  readonly #targets = new WeakMap<ProcessIdentity, EncodedProcess>();

  constructor(encoder: LogEncoder, bootId: string) {
    this.#encoder = encoder;
    this.#bootId = bootId;
  }

  /** A record as a `log_records` field of ScopeLogs. Valid until the encoder's next call. */
  encode(detection: Detection): Uint8Array {
    const { definition, event, severity } = detection;
    const [severityNumber, severityText] = SEVERITIES[severity];
    const parts = [
      findingAttributes(detection, this.#bootId),
      this.#actor(event),
      this.#target(event),
      accessAttributes(detection),
      this.#rule(definition),
      ratingAttributes(detection),
    ];
    return this.#encoder.encode(
      {
        eventName: definition.eventName,
        timeUnixNs: event.timeUnixNs,
        observedTimeUnixNs: event.observedTimeUnixNs,
        droppedAttributesCount: 0,
        severityNumber,
        severityText,
        body: toSentence(detection),
      },
      parts,
    );
  }

  #rule(definition: EventDefinition): Uint8Array {
    let bytes = this.#rules.get(definition);
    if (bytes === undefined) {
      bytes = this.#encoder.encodeAttributes(ruleAttributes(definition));
      this.#rules.set(definition, bytes);
    }
    return bytes;
  }

  #actor(event: EnrichedEvent): Uint8Array {
    return this.#process(this.#actors, event.actor, event.actorDetails, event, actorAttributes);
  }

  #target(event: EnrichedEvent): Uint8Array {
    const { target } = event;
    if (target === undefined) return NOTHING;
    return this.#process(this.#targets, target, event.targetDetails, event, targetAttributes);
  }

  #process(
    known: WeakMap<ProcessIdentity, EncodedProcess>,
    identity: ProcessIdentity,
    details: ProcessDetails,
    event: EnrichedEvent,
    attributesOf: typeof actorAttributes,
  ): Uint8Array {
    const clockMillis = Number((event.timeUnixNs - event.timeNs) / NS_PER_MILLI);
    const before = known.get(identity);
    // the difference of the clocks is measured again and again, and flickers by less than a millisecond
    if (before?.details === details && Math.abs(before.clockMillis - clockMillis) <= 1) return before.bytes;
    const bytes = this.#encoder.encodeAttributes(attributesOf(event));
    known.set(identity, { details, clockMillis, bytes });
    return bytes;
  }
}
