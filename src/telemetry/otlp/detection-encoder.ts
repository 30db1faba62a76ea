import type { ProcessIdentity } from '../../capture/event.ts';
import { type Canonical, IdentityCache } from '../../capture/identity.ts';
import type { Detection } from '../../detect/detection.ts';
import type { EnrichedEvent, ProcessDetails } from '../../enrich/event.ts';
import {
  commonOf,
  describeAccess,
  describeActor,
  describeCommon,
  describeDetection,
  describeTarget,
  SEVERITIES,
} from '../record/record.ts';
import { toSentence } from '../record/sentence.ts';
import { encodeRecordAttributes, writeRecord } from './log-encoder.ts';
import type { MessageWriter } from './message-writer.ts';

const NS_PER_MILLI = 1_000_000;
const NOTHING = new Uint8Array();
/** Most entries of the cache of common parts; beyond it the cache is cleared. A storm needs a few. */
const COMMON_MAX = 64;

/** Common part of detections, encoded, and the values that it depends on. */
interface EncodedCommon {
  readonly values: readonly unknown[];
  readonly bytes: Uint8Array;
}

/** An encoded process, and the inputs that can change while its identity is the same object. */
interface EncodedProcess {
  readonly details: ProcessDetails;
  /** Wall clock minus boot clock, ns: `process.creation.time` depends on it. */
  readonly clocksNs: bigint;
  readonly bytes: Uint8Array;
}

/**
 * Encodes detections without a log record of the SDK, which would copy and check its 45 or so attributes one by one. The
 * bytes equal those of `toLogRecord` and the SDK's serializer (compared by a test). Common parts and, in a storm, both
 * processes are encoded once and then copied.
 */
export class DetectionEncoder {
  readonly #bootId: string;
  readonly #common: EncodedCommon[] = [];
  readonly #actors = new IdentityCache<Canonical<ProcessIdentity>, EncodedProcess>();
  readonly #targets = new IdentityCache<Canonical<ProcessIdentity>, EncodedProcess>();

  constructor(bootId: string) {
    this.#bootId = bootId;
  }

  /** Writes a record as a `log_records` field of ScopeLogs. */
  write(to: MessageWriter, detection: Detection): void {
    const { definition, event, severity } = detection;
    const { eventName } = definition;
    const { timeUnixNs, observedTimeUnixNs } = event;
    const [severityNumber, severityText] = SEVERITIES[severity];
    const body = toSentence(detection);
    writeRecord(
      to,
      {
        eventName,
        severityNumber,
        severityText,
        body,
        timeUnixNs,
        observedTimeUnixNs,
        droppedAttributesCount: 0,
      },
      attributes => {
        describeDetection(attributes, detection, this.#bootId);
        attributes.raw(this.#actor(event));
        attributes.raw(this.#target(event));
        describeAccess(attributes, detection);
        attributes.raw(this.#commonPart(detection));
      },
    );
  }

  #commonPart(detection: Detection): Uint8Array {
    const values = commonOf(detection);
    const known = this.#common.find(common => isSame(common.values, values));
    if (known !== undefined) return known.bytes;
    if (this.#common.length >= COMMON_MAX) this.#common.length = 0;
    const bytes = encodeRecordAttributes(to => describeCommon(to, detection));
    this.#common.push({ values, bytes });
    return bytes;
  }

  #actor(event: EnrichedEvent): Uint8Array {
    return this.#process(this.#actors, event.actor, event.actorDetails, event, describeActor);
  }

  #target(event: EnrichedEvent): Uint8Array {
    const { target } = event;
    if (target === undefined) return NOTHING;
    return this.#process(this.#targets, target, event.targetDetails, event, describeTarget);
  }

  #process(
    known: IdentityCache<Canonical<ProcessIdentity>, EncodedProcess>,
    identity: Canonical<ProcessIdentity>,
    details: ProcessDetails,
    event: EnrichedEvent,
    describe: typeof describeActor,
  ): Uint8Array {
    const clocksNs = event.timeUnixNs - event.timeNs;
    const before = known.get(identity);
    if (before?.details === details && isSameMoment(before.clocksNs, clocksNs)) return before.bytes;
    const bytes = encodeRecordAttributes(to => describe(to, event));
    known.set(identity, { details, clocksNs, bytes });
    return bytes;
  }
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.every((value, i) => value === others[i]);
}

/** The difference of the clocks is measured repeatedly, with a jitter of less than a millisecond. */
function isSameMoment(oneNs: bigint, otherNs: bigint): boolean {
  return oneNs === otherNs || Math.abs(Number(oneNs - otherNs)) <= NS_PER_MILLI;
}
