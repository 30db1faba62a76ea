import { type LogRecord, SeverityNumber } from '@opentelemetry/api';
import type { ProcessIdentity } from '../../capture/event.ts';
import type { Detection, EventDefinition, Repeat, Severity } from '../../detect/detection.ts';
import { errnoName } from '../../detect/kernel-names/errno.ts';
import { decodeProtection } from '../../detect/kernel-names/protection-flags.ts';
import type { EnrichedEvent } from '../../enrich/event.ts';
import { type AttributeSink, collect } from './attribute-sink.ts';
import { ECS, MEMWARDEN, MITRE_ATTACK, OTEL, RULESET_NAME } from './attributes.ts';
import { toHrTime, toRfc3339 } from './hr-time.ts';
import { processName, toSentence } from './sentence.ts';

/** Severity of a detection as SeverityNumber and SeverityText. */
export const SEVERITIES: Readonly<Record<Severity, readonly [SeverityNumber, string]>> = {
  0: [SeverityNumber.INFO, 'INFO'],
  1: [SeverityNumber.INFO2, 'LOW'],
  2: [SeverityNumber.WARN, 'MEDIUM'],
  3: [SeverityNumber.ERROR, 'HIGH'],
};

/**
 * The log record of a detection, attribute by attribute as docs/events.md has it. An attribute whose value is not
 * known is absent, never empty; addresses are strings (a number is exact only up to 2^53). The DetectionEncoder makes
 * the same record of the same parts.
 *
 * @param bootId the kernel's boot id, the part of `log.record.uid` that distinguishes one boot from the next.
 */
export function toLogRecord(detection: Detection, bootId: string): LogRecord {
  const { definition, event, severity } = detection;
  const [severityNumber, severityText] = SEVERITIES[severity];
  return {
    eventName: definition.eventName,
    timestamp: toHrTime(event.timeUnixNs),
    observedTimestamp: toHrTime(event.observedTimeUnixNs),
    severityNumber,
    severityText,
    body: toSentence(detection),
    // part by part: V8 makes a slow dictionary of an object that gets so many attributes one by one
    attributes: {
      ...collect(to => describeDetection(to, detection, bootId)),
      ...collect(to => describeActor(to, event)),
      ...collect(to => describeTarget(to, event)),
      ...collect(to => describeAccess(to, detection)),
      ...collect(to => describeManner(to, detection)),
      ...collect(to => describeMeaning(to, detection)),
    },
  };
}

/** What makes this one detection: its uid and the event's documented data fields. */
export function describeDetection(to: AttributeSink, detection: Detection, bootId: string): void {
  const { data } = detection.match;
  to.set(OTEL.LOG_RECORD_UID, recordUid(detection, bootId));
  for (const name of Object.keys(data)) to.set(name, data[name]);
}

/**
 * Names a record for good: the same however often the event is read or the record sent, different for any two records.
 * Boot id, CPU and that CPU's event number name the event. Its boot-clock time is added because a program that is
 * preempted between counting and reading the count back (the kernel allows that in some hooks) gives two events one
 * number, and the name because one open for reading and writing makes two records. The boot clock, unlike the wall
 * clock, is never set back. A summary of repeats may name an event that was told already, hence its suffix.
 */
function recordUid({ definition, event, repeat }: Detection, bootId: string): string {
  const uid = `${bootId}-${event.cpu}-${event.sequence}-${event.timeNs}-${definition.eventName}`;
  return repeat === undefined ? uid : `${uid}-repeat`;
}

export function describeActor(to: AttributeSink, event: EnrichedEvent): void {
  const { actor, actorDetails: details } = event;
  to.set(OTEL.PROCESS_PID, actor.tgid);
  to.set(OTEL.PROCESS_PARENT_PID, actor.ppid);
  if (actor.vtgid !== actor.tgid) to.set(OTEL.PROCESS_VPID, actor.vtgid);
  to.set(OTEL.PROCESS_CREATION_TIME, creationTime(event, actor));
  to.set(OTEL.PROCESS_EXECUTABLE_PATH, actor.executablePath);
  to.set(OTEL.PROCESS_EXECUTABLE_NAME, processName(actor));
  to.set(OTEL.PROCESS_COMMAND_LINE, details.commandLine);
  to.set(OTEL.PROCESS_WORKING_DIRECTORY, details.workingDirectory);
  to.set(OTEL.PROCESS_USER_ID, actor.euid);
  to.set(OTEL.PROCESS_REAL_USER_ID, actor.uid);
  to.set(OTEL.PROCESS_USER_NAME, details.userName);
  to.set(OTEL.THREAD_ID, actor.tid);
  to.set(OTEL.THREAD_NAME, actor.comm);
  to.set(OTEL.CONTAINER_ID, details.containerId);
  to.set(OTEL.K8S_POD_UID, details.podUid);
  if (actor.ancestors.length > 0) {
    to.set(
      MEMWARDEN.ANCESTORS,
      actor.ancestors.map(ancestor => `${ancestor.comm}(${ancestor.tgid})`),
    );
  }
}

/** Empty where the kernel had no task for the target. */
export function describeTarget(to: AttributeSink, event: EnrichedEvent): void {
  const { target, targetDetails: details } = event;
  if (target === undefined) return;
  to.set(MEMWARDEN.TARGET_PID, target.tgid);
  to.set(MEMWARDEN.TARGET_PARENT_PID, target.ppid);
  if (target.vtgid !== target.tgid) to.set(MEMWARDEN.TARGET_VPID, target.vtgid);
  to.set(MEMWARDEN.TARGET_CREATION_TIME, creationTime(event, target));
  to.set(MEMWARDEN.TARGET_EXECUTABLE_PATH, target.executablePath);
  to.set(MEMWARDEN.TARGET_EXECUTABLE_NAME, processName(target));
  to.set(MEMWARDEN.TARGET_COMMAND_LINE, details.commandLine);
  to.set(MEMWARDEN.TARGET_USER_ID, target.euid);
  to.set(MEMWARDEN.TARGET_CONTAINER_ID, details.containerId);
  to.set(MEMWARDEN.TARGET_POD_UID, details.podUid);
}

/** Where it was done, how much, and how often. */
export function describeAccess(to: AttributeSink, { event, match, repeat }: Detection): void {
  if (event.address !== 0n) to.set(MEMWARDEN.MEMORY_ADDRESS, `0x${event.address.toString(16)}`);
  if (match.method === 'mmap' || match.method === 'mprotect') {
    to.set(MEMWARDEN.MEMORY_SIZE, Number(event.sizeBytes));
    to.set(MEMWARDEN.MEMORY_PROTECTION, decodeProtection(event.protection));
    // Fresh memory had no protection before.
    if (match.method === 'mprotect') {
      to.set(MEMWARDEN.MEMORY_PREVIOUS_PROTECTION, decodeProtection(event.previousProtection));
    }
  } else if (event.sizeBytes > 0n) {
    to.set(MEMWARDEN.ACCESS_BYTES, Number(event.sizeBytes));
  }
  to.set(OTEL.FILE_PATH, event.path ?? event.requestedPath);
  if (event.inode !== 0n) to.set(OTEL.FILE_INODE, String(event.inode));
  describeRepeat(to, repeat);
}

/** What many detections have in common. */
export function describeCommon(to: AttributeSink, detection: Detection): void {
  describeManner(to, detection);
  describeMeaning(to, detection);
}

/** How the two are related, how it was done, and how it ended. */
function describeManner(to: AttributeSink, { match, event }: Detection): void {
  if (event.target !== undefined) {
    to.set(MEMWARDEN.CROSS_CONTAINER, event.crossContainer);
    to.set(MEMWARDEN.SELF_ACCESS, event.selfAccess);
    to.set(MEMWARDEN.TARGET_IS_DESCENDANT, event.targetIsDescendant);
  }
  to.set(MEMWARDEN.ACCESS_METHOD, match.method);
  to.set(MEMWARDEN.ACCESS_MODE, match.mode);
  describeOutcome(to, event);
}

/** What that means, and how bad it is. */
function describeMeaning(to: AttributeSink, { definition, event, severity, exception }: Detection): void {
  describeRule(to, definition);
  to.set(MEMWARDEN.SEVERITY, severity);
  to.set(MEMWARDEN.HOOK, event.hook);
  to.set(MEMWARDEN.EXCEPTION, exception);
}

/** All that describeCommon tells, so that what is told of one detection can be told of any with equal values. */
export function commonOf({ definition, match, event, severity, exception }: Detection): readonly unknown[] {
  const { target, crossContainer, selfAccess, targetIsDescendant, result, hook } = event;
  return [
    definition,
    match.method,
    match.mode,
    target !== undefined,
    crossContainer,
    selfAccess,
    targetIsDescendant,
    // the bytes that were read or written are no part of it
    result !== undefined && result >= 0 ? 0 : result,
    severity,
    hook,
    exception,
  ];
}

/** A summary stands for detections of its own interval. */
function describeRepeat(to: AttributeSink, repeat: Repeat | undefined): void {
  if (repeat === undefined) return;
  to.set(MEMWARDEN.REPEAT_COUNT, repeat.count);
  to.set(MEMWARDEN.REPEAT_START, toRfc3339(toHrTime(repeat.firstUnixNs)));
  to.set(MEMWARDEN.REPEAT_END, toRfc3339(toHrTime(repeat.lastUnixNs)));
}

/** No hook saw the result: no outcome is claimed. */
function describeOutcome(to: AttributeSink, { result }: EnrichedEvent): void {
  if (result === undefined) return;
  to.set(ECS.EVENT_OUTCOME, result < 0 ? 'failure' : 'success');
  to.set(OTEL.ERROR_TYPE, errnoName(result));
}

/** Raw events have no id: they report, and accuse nobody of a technique. */
function describeRule(to: AttributeSink, definition: EventDefinition): void {
  const { id, eventName, version, description, reference, mitre } = definition;
  if (id !== undefined) {
    to.set(OTEL.SECURITY_RULE_NAME, eventName);
    to.set(OTEL.SECURITY_RULE_UUID, id);
    to.set(OTEL.SECURITY_RULE_VERSION, version);
    to.set(OTEL.SECURITY_RULE_CATEGORY, mitre?.tacticName);
    to.set(OTEL.SECURITY_RULE_DESCRIPTION, description);
    to.set(OTEL.SECURITY_RULE_REFERENCE, reference);
    to.set(OTEL.SECURITY_RULE_RULESET_NAME, RULESET_NAME);
  }
  if (mitre !== undefined) {
    to.set(ECS.THREAT_FRAMEWORK, MITRE_ATTACK);
    to.set(ECS.THREAT_TACTIC_ID, mitre.tacticId);
    to.set(ECS.THREAT_TACTIC_NAME, mitre.tacticName);
    to.set(ECS.THREAT_TECHNIQUE_ID, mitre.techniqueId);
    to.set(ECS.THREAT_TECHNIQUE_NAME, mitre.techniqueName);
    to.set(ECS.THREAT_SUBTECHNIQUE_ID, mitre.subtechniqueId);
    to.set(ECS.THREAT_SUBTECHNIQUE_NAME, mitre.subtechniqueName);
    to.set(MEMWARDEN.MITRE_STIX_ID, mitre.stixId);
  }
}

/** Start of a process on the wall clock, ISO 8601 with milliseconds: its boot time, shifted as the event's was. */
function creationTime(event: EnrichedEvent, process: ProcessIdentity): string {
  const unixNs = process.startTimeNs + (event.timeUnixNs - event.timeNs);
  return new Date(Number(unixNs / 1_000_000n)).toISOString();
}
