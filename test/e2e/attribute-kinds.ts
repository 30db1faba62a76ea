import type { AnyValue } from './otlp-json.ts';

export type ValueKind = keyof AnyValue;

function kinds(kind: ValueKind, names: string): [string, ValueKind][] {
  return names
    .split(/\s+/)
    .filter(name => name !== '')
    .map(name => [name, kind]);
}

/**
 * The contract of the attribute table in docs/events.md: each attribute that a record can have, and its type on the wire.
 * It is not imported from the code, so that a renamed or retyped attribute fails a test before it breaks a dashboard.
 */
export const ATTRIBUTE_KINDS: ReadonlyMap<string, ValueKind> = new Map([
  ...kinds(
    'stringValue',
    `pathname flags request alert addr prot prev_prot inode ctime syscall_pathname
    log.record.uid
    process.creation.time process.executable.path process.executable.name process.command_line
    process.working_directory process.user.name thread.name container.id k8s.pod.uid
    memwarden.target.process.creation.time memwarden.target.process.executable.path
    memwarden.target.process.executable.name memwarden.target.process.command_line
    memwarden.target.container.id memwarden.target.k8s.pod.uid
    memwarden.access.method memwarden.access.mode memwarden.hook memwarden.exception
    memwarden.memory.address memwarden.memory.protection memwarden.memory.previous_protection
    memwarden.mitre.stix_id memwarden.repeat.start memwarden.repeat.end
    event.outcome error.type file.path file.inode
    security_rule.name security_rule.uuid security_rule.version security_rule.category
    security_rule.description security_rule.reference security_rule.ruleset.name
    threat.framework threat.tactic.id threat.tactic.name threat.technique.id threat.technique.name
    threat.technique.subtechnique.id threat.technique.subtechnique.name`,
  ),
  ...kinds(
    'intValue',
    `pid target_pid len dev
    process.pid process.parent_pid process.vpid process.user.id process.real_user.id thread.id
    memwarden.target.process.pid memwarden.target.process.vpid memwarden.target.process.parent_pid
    memwarden.target.process.user.id
    memwarden.access.bytes memwarden.memory.size memwarden.severity memwarden.repeat.count`,
  ),
  ...kinds('boolValue', 'memwarden.cross_container memwarden.self_access memwarden.target_is_descendant'),
  ...kinds('arrayValue', 'memwarden.ancestors'),
]);
