/**
 * Every attribute and event name that a record can carry; the table with types and meaning is in docs/events.md.
 * Names of the OpenTelemetry conventions that are not stable yet are copied here, as the conventions package asks of
 * its users, and test/unit/telemetry/record/attributes.test.ts compares them with the package.
 */
import {
  ATTR_CONTAINER_ID,
  ATTR_ERROR_TYPE,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';

/** OpenTelemetry semantic conventions. */
export const OTEL = {
  LOG_RECORD_UID: 'log.record.uid',
  PROCESS_PID: 'process.pid',
  PROCESS_PARENT_PID: 'process.parent_pid',
  PROCESS_VPID: 'process.vpid',
  PROCESS_CREATION_TIME: 'process.creation.time',
  PROCESS_EXECUTABLE_PATH: 'process.executable.path',
  PROCESS_EXECUTABLE_NAME: 'process.executable.name',
  PROCESS_COMMAND_LINE: 'process.command_line',
  PROCESS_WORKING_DIRECTORY: 'process.working_directory',
  PROCESS_USER_ID: 'process.user.id',
  PROCESS_USER_NAME: 'process.user.name',
  PROCESS_REAL_USER_ID: 'process.real_user.id',
  THREAD_ID: 'thread.id',
  THREAD_NAME: 'thread.name',
  CONTAINER_ID: ATTR_CONTAINER_ID,
  K8S_POD_UID: 'k8s.pod.uid',
  K8S_NODE_NAME: 'k8s.node.name',
  K8S_CLUSTER_NAME: 'k8s.cluster.name',
  FILE_PATH: 'file.path',
  FILE_INODE: 'file.inode',
  ERROR_TYPE: ATTR_ERROR_TYPE,
  SECURITY_RULE_NAME: 'security_rule.name',
  SECURITY_RULE_UUID: 'security_rule.uuid',
  SECURITY_RULE_VERSION: 'security_rule.version',
  SECURITY_RULE_CATEGORY: 'security_rule.category',
  SECURITY_RULE_DESCRIPTION: 'security_rule.description',
  SECURITY_RULE_REFERENCE: 'security_rule.reference',
  SECURITY_RULE_RULESET_NAME: 'security_rule.ruleset.name',
  SERVICE_NAME: ATTR_SERVICE_NAME,
  SERVICE_VERSION: ATTR_SERVICE_VERSION,
  SERVICE_INSTANCE_ID: ATTR_SERVICE_INSTANCE_ID,
  HOST_ID: 'host.id',
  HOST_NAME: 'host.name',
  HOST_ARCH: 'host.arch',
  OS_TYPE: 'os.type',
  OS_VERSION: 'os.version',
} as const;

/** Elastic Common Schema: names for an outcome and for ATT&CK that backends already know. */
export const ECS = {
  EVENT_OUTCOME: 'event.outcome',
  THREAT_FRAMEWORK: 'threat.framework',
  THREAT_TACTIC_ID: 'threat.tactic.id',
  THREAT_TACTIC_NAME: 'threat.tactic.name',
  THREAT_TECHNIQUE_ID: 'threat.technique.id',
  THREAT_TECHNIQUE_NAME: 'threat.technique.name',
  THREAT_SUBTECHNIQUE_ID: 'threat.technique.subtechnique.id',
  THREAT_SUBTECHNIQUE_NAME: 'threat.technique.subtechnique.name',
} as const;

/** Our own names, where no convention has one; most are for the process whose memory is accessed. */
export const MEMWARDEN = {
  TARGET_PID: 'memwarden.target.process.pid',
  TARGET_VPID: 'memwarden.target.process.vpid',
  TARGET_PARENT_PID: 'memwarden.target.process.parent_pid',
  TARGET_CREATION_TIME: 'memwarden.target.process.creation.time',
  TARGET_EXECUTABLE_PATH: 'memwarden.target.process.executable.path',
  TARGET_EXECUTABLE_NAME: 'memwarden.target.process.executable.name',
  TARGET_COMMAND_LINE: 'memwarden.target.process.command_line',
  TARGET_USER_ID: 'memwarden.target.process.user.id',
  TARGET_CONTAINER_ID: 'memwarden.target.container.id',
  TARGET_POD_UID: 'memwarden.target.k8s.pod.uid',
  CROSS_CONTAINER: 'memwarden.cross_container',
  SELF_ACCESS: 'memwarden.self_access',
  TARGET_IS_DESCENDANT: 'memwarden.target_is_descendant',
  ANCESTORS: 'memwarden.ancestors',
  ACCESS_METHOD: 'memwarden.access.method',
  ACCESS_MODE: 'memwarden.access.mode',
  ACCESS_BYTES: 'memwarden.access.bytes',
  MEMORY_ADDRESS: 'memwarden.memory.address',
  MEMORY_SIZE: 'memwarden.memory.size',
  MEMORY_PROTECTION: 'memwarden.memory.protection',
  MEMORY_PREVIOUS_PROTECTION: 'memwarden.memory.previous_protection',
  MITRE_STIX_ID: 'memwarden.mitre.stix_id',
  SEVERITY: 'memwarden.severity',
  /** The kind of kernel program that saw this event: lsm, fentry, kprobe or tracepoint. */
  HOOK: 'memwarden.hook',
  /** Name of the rule of the exceptions that lowered the severity. */
  EXCEPTION: 'memwarden.exception',
  /** Summary: number of identical detections without a record of their own, and the times of the first and the last. */
  REPEAT_COUNT: 'memwarden.repeat.count',
  REPEAT_START: 'memwarden.repeat.start',
  REPEAT_END: 'memwarden.repeat.end',
  /** Resource: hook per capability. */
  CAPTURE_HOOK: 'memwarden.capture.hook',
  LOST_COUNT: 'memwarden.lost.count',
  LOST_REASON: 'memwarden.lost.reason',
  LOST_CPU: 'memwarden.lost.cpu',
  LOST_INTERVAL_START: 'memwarden.lost.interval.start',
  LOST_INTERVAL_END: 'memwarden.lost.interval.end',
} as const;

/** EventName of the record that reports lost events; those of detections are in their signatures. */
export const EVENTS_LOST = 'memwarden.events_lost';

/** Value of threat.framework. */
export const MITRE_ATTACK = 'MITRE ATT&CK';

/** Value of security_rule.ruleset.name. */
export const RULESET_NAME = 'memwarden';
