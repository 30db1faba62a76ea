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
 * The log record of a detection, with the attributes of docs/events.md. An attribute with an unknown value is absent, never
 * empty; addresses are strings (a number is exact only up to 2^53). DetectionEncoder encodes the same record from the same
 * describe functions.
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
    // in parts, because V8 turns an object to which so many properties are added one by one into a slow dictionary
    attributes: {
      ...collect(to => describeDetection(to, detection, bootId)),
      ...collect(to => describeActor(to, event)),
      ...collect(to => describeTarget(to, event)),
      ...collect(to => describeAccess(to, detection)),
      ...collect(to => describeRelationAndAccess(to, detection)),
      ...collect(to => describeAssessment(to, detection)),
    },
  };
}

/** The attributes that are unique to a detection: its uid and the event's documented data fields. */
export function describeDetection(to: AttributeSink, detection: Detection, bootId: string): void {
  const { data } = detection.match;
  to.set(OTEL.LOG_RECORD_UID, recordUid(detection, bootId));
  for (const name of Object.keys(data)) to.set(name, data[name]);
}

/**
 * Unique id of a record: the same however often the event is read or the record sent, different for any two records. Boot
 * id, CPU and that CPU's event number identify the event. The boot-clock time is added because a program that is preempted
 * between counting and reading the count back (the kernel allows that in some hooks) gives two events the same number; the
 * boot clock, unlike the wall clock, is never set back. The name is added because one open for reading and writing makes
 * two records. A summary can have the event of a detection that was already reported, hence its suffix.
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

/** Sets nothing where the kernel had no task for the target. */
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

/** Address, size, file and repeats of the access. */
export function describeAccess(to: AttributeSink, { event, match, repeat }: Detection): void {
  if (event.address !== 0n) to.set(MEMWARDEN.MEMORY_ADDRESS, `0x${event.address.toString(16)}`);
  if (match.method === 'mmap' || match.method === 'mprotect') {
    to.set(MEMWARDEN.MEMORY_SIZE, Number(event.sizeBytes));
    to.set(MEMWARDEN.MEMORY_PROTECTION, decodeProtection(event.protection));
    // new memory had no protection before
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

/** The attributes that many detections share. */
export function describeCommon(to: AttributeSink, detection: Detection): void {
  describeRelationAndAccess(to, detection);
  describeAssessment(to, detection);
}

/** Relation of the processes, method and mode of the access, and its outcome. */
function describeRelationAndAccess(to: AttributeSink, { match, event }: Detection): void {
  if (event.target !== undefined) {
    to.set(MEMWARDEN.CROSS_CONTAINER, event.crossContainer);
    to.set(MEMWARDEN.SELF_ACCESS, event.selfAccess);
    to.set(MEMWARDEN.TARGET_IS_DESCENDANT, event.targetIsDescendant);
  }
  to.set(MEMWARDEN.ACCESS_METHOD, match.method);
  to.set(MEMWARDEN.ACCESS_MODE, match.mode);
  describeOutcome(to, event);
}

/** Signature, severity, hook and exception. */
function describeAssessment(to: AttributeSink, { definition, event, severity, exception }: Detection): void {
  describeRule(to, definition);
  to.set(MEMWARDEN.SEVERITY, severity);
  to.set(MEMWARDEN.HOOK, event.hook);
  to.set(MEMWARDEN.EXCEPTION, exception);
}

/** The values on which describeCommon depends: detections with equal values have equal common attributes. */
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
    // a successful result is the number of bytes, which is not among the common attributes
    result !== undefined && result >= 0 ? 0 : result,
    severity,
    hook,
    exception,
  ];
}

/** The count and the interval of a summary. */
function describeRepeat(to: AttributeSink, repeat: Repeat | undefined): void {
  if (repeat === undefined) return;
  to.set(MEMWARDEN.REPEAT_COUNT, repeat.count);
  to.set(MEMWARDEN.REPEAT_START, toRfc3339(toHrTime(repeat.firstUnixNs)));
  to.set(MEMWARDEN.REPEAT_END, toRfc3339(toHrTime(repeat.lastUnixNs)));
}

/** Sets no outcome when no hook saw the result. */
function describeOutcome(to: AttributeSink, { result }: EnrichedEvent): void {
  if (result === undefined) return;
  to.set(ECS.EVENT_OUTCOME, result < 0 ? 'failure' : 'success');
  to.set(OTEL.ERROR_TYPE, errnoName(result));
}

/** Raw events have no id, and so no security_rule and no technique. */
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

/** Start of a process by the wall clock, ISO 8601 with milliseconds: its boot-clock time plus the event's clock offset. */
function creationTime(event: EnrichedEvent, process: ProcessIdentity): string {
  const unixNs = process.startTimeNs + (event.timeUnixNs - event.timeNs);
  return new Date(Number(unixNs / 1_000_000n)).toISOString();
}
