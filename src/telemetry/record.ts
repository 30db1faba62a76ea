import { type Attributes, type LogRecord, SeverityNumber } from '@opentelemetry/api';
import type { ProcessIdentity } from '../capture/event.ts';
import type { Detection, EventDefinition, Repeat, Severity } from '../detect/detection.ts';
import { errnoName } from '../detect/errno.ts';
import { decodeProtection } from '../detect/protection-flags.ts';
import type { EnrichedEvent } from '../enrich/event.ts';
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
 * @param bootId the kernel's boot id, the part of `log.record.uid` that tells one boot from the next.
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
    attributes: {
      ...findingAttributes(detection, bootId),
      ...actorAttributes(event),
      ...targetAttributes(event),
      ...accessAttributes(detection),
      ...ruleAttributes(definition),
      ...ratingAttributes(detection),
    },
  };
}

/** What makes this one finding: its uid and the event's documented data fields. */
export function findingAttributes(detection: Detection, bootId: string): Attributes {
  return { [OTEL.LOG_RECORD_UID]: recordUid(detection, bootId), ...detection.match.data };
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

export function actorAttributes(event: EnrichedEvent): Attributes {
  const { actor, actorDetails: details } = event;
  const to: Attributes = {};
  to[OTEL.PROCESS_PID] = actor.tgid;
  to[OTEL.PROCESS_PARENT_PID] = actor.ppid;
  if (actor.vtgid !== actor.tgid) to[OTEL.PROCESS_VPID] = actor.vtgid;
  to[OTEL.PROCESS_CREATION_TIME] = creationTime(event, actor);
  addKnown(to, OTEL.PROCESS_EXECUTABLE_PATH, actor.executablePath);
  to[OTEL.PROCESS_EXECUTABLE_NAME] = processName(actor);
  addKnown(to, OTEL.PROCESS_COMMAND_LINE, details.commandLine);
  addKnown(to, OTEL.PROCESS_WORKING_DIRECTORY, details.workingDirectory);
  to[OTEL.PROCESS_USER_ID] = actor.euid;
  to[OTEL.PROCESS_REAL_USER_ID] = actor.uid;
  addKnown(to, OTEL.PROCESS_USER_NAME, details.userName);
  to[OTEL.THREAD_ID] = actor.tid;
  to[OTEL.THREAD_NAME] = actor.comm;
  addKnown(to, OTEL.CONTAINER_ID, details.containerId);
  addKnown(to, OTEL.K8S_POD_UID, details.podUid);
  if (actor.ancestors.length > 0) {
    to[MEMWARDEN.ANCESTORS] = actor.ancestors.map(ancestor => `${ancestor.comm}(${ancestor.tgid})`);
  }
  return to;
}

/** Empty where the kernel had no task for the target. */
export function targetAttributes(event: EnrichedEvent): Attributes {
  const { target, targetDetails: details } = event;
  const to: Attributes = {};
  if (target === undefined) return to;
  to[MEMWARDEN.TARGET_PID] = target.tgid;
  to[MEMWARDEN.TARGET_PARENT_PID] = target.ppid;
  if (target.vtgid !== target.tgid) to[MEMWARDEN.TARGET_VPID] = target.vtgid;
  to[MEMWARDEN.TARGET_CREATION_TIME] = creationTime(event, target);
  addKnown(to, MEMWARDEN.TARGET_EXECUTABLE_PATH, target.executablePath);
  to[MEMWARDEN.TARGET_EXECUTABLE_NAME] = processName(target);
  addKnown(to, MEMWARDEN.TARGET_COMMAND_LINE, details.commandLine);
  to[MEMWARDEN.TARGET_USER_ID] = target.euid;
  addKnown(to, MEMWARDEN.TARGET_CONTAINER_ID, details.containerId);
  addKnown(to, MEMWARDEN.TARGET_POD_UID, details.podUid);
  return to;
}

/** What was done, between whom, with which outcome, and how often. */
export function accessAttributes({ event, match, repeat }: Detection): Attributes {
  const to: Attributes = {};
  if (event.target !== undefined) {
    if (event.crossContainer !== undefined) to[MEMWARDEN.CROSS_CONTAINER] = event.crossContainer;
    to[MEMWARDEN.SELF_ACCESS] = event.selfAccess;
    to[MEMWARDEN.TARGET_IS_DESCENDANT] = event.targetIsDescendant;
  }
  to[MEMWARDEN.ACCESS_METHOD] = match.method;
  addKnown(to, MEMWARDEN.ACCESS_MODE, match.mode);
  if (event.address !== 0n) to[MEMWARDEN.MEMORY_ADDRESS] = `0x${event.address.toString(16)}`;
  if (match.method === 'mmap' || match.method === 'mprotect') {
    to[MEMWARDEN.MEMORY_SIZE] = Number(event.sizeBytes);
    to[MEMWARDEN.MEMORY_PROTECTION] = decodeProtection(event.protection);
    // Fresh memory had no protection before.
    if (match.method === 'mprotect') {
      to[MEMWARDEN.MEMORY_PREVIOUS_PROTECTION] = decodeProtection(event.previousProtection);
    }
  } else if (event.sizeBytes > 0n) {
    to[MEMWARDEN.ACCESS_BYTES] = Number(event.sizeBytes);
  }
  addKnown(to, OTEL.FILE_PATH, event.path ?? event.requestedPath);
  if (event.inode !== 0n) to[OTEL.FILE_INODE] = String(event.inode);
  addOutcome(to, event);
  addRepeat(to, repeat);
  return to;
}

/** A summary stands for findings of its own interval. */
function addRepeat(to: Attributes, repeat: Repeat | undefined): void {
  if (repeat === undefined) return;
  to[MEMWARDEN.REPEAT_COUNT] = repeat.count;
  to[MEMWARDEN.REPEAT_START] = toRfc3339(toHrTime(repeat.firstUnixNs));
  to[MEMWARDEN.REPEAT_END] = toRfc3339(toHrTime(repeat.lastUnixNs));
}

/** No hook saw the result: no outcome is claimed. */
function addOutcome(to: Attributes, { result }: EnrichedEvent): void {
  if (result === undefined) return;
  to[ECS.EVENT_OUTCOME] = result < 0 ? 'failure' : 'success';
  addKnown(to, OTEL.ERROR_TYPE, errnoName(result));
}

/** Raw events have no id: they report, and accuse nobody of a technique. */
export function ruleAttributes(definition: EventDefinition): Attributes {
  const { id, eventName, version, description, reference, mitre } = definition;
  const to: Attributes = {};
  if (id !== undefined) {
    to[OTEL.SECURITY_RULE_NAME] = eventName;
    to[OTEL.SECURITY_RULE_UUID] = id;
    to[OTEL.SECURITY_RULE_VERSION] = version;
    addKnown(to, OTEL.SECURITY_RULE_CATEGORY, mitre?.tacticName);
    to[OTEL.SECURITY_RULE_DESCRIPTION] = description;
    addKnown(to, OTEL.SECURITY_RULE_REFERENCE, reference);
    to[OTEL.SECURITY_RULE_RULESET_NAME] = RULESET_NAME;
  }
  if (mitre !== undefined) {
    to[ECS.THREAT_FRAMEWORK] = MITRE_ATTACK;
    to[ECS.THREAT_TACTIC_ID] = mitre.tacticId;
    to[ECS.THREAT_TACTIC_NAME] = mitre.tacticName;
    to[ECS.THREAT_TECHNIQUE_ID] = mitre.techniqueId;
    to[ECS.THREAT_TECHNIQUE_NAME] = mitre.techniqueName;
    addKnown(to, ECS.THREAT_SUBTECHNIQUE_ID, mitre.subtechniqueId);
    addKnown(to, ECS.THREAT_SUBTECHNIQUE_NAME, mitre.subtechniqueName);
    to[MEMWARDEN.MITRE_STIX_ID] = mitre.stixId;
  }
  return to;
}

export function ratingAttributes({ severity, event, exception }: Detection): Attributes {
  const to: Attributes = { [MEMWARDEN.SEVERITY]: severity, [MEMWARDEN.HOOK]: event.hook };
  addKnown(to, MEMWARDEN.EXCEPTION, exception);
  return to;
}

/** Start of a process on the wall clock, ISO 8601 with milliseconds: its boot time, shifted as the event's was. */
function creationTime(event: EnrichedEvent, process: ProcessIdentity): string {
  const unixNs = process.startTimeNs + (event.timeUnixNs - event.timeNs);
  return new Date(Number(unixNs / 1_000_000n)).toISOString();
}

function addKnown(to: Attributes, name: string, value: string | number | undefined): void {
  if (value !== undefined) to[name] = value;
}
