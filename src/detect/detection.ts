import type { EventKind } from '../capture/event.ts';
import type { EnrichedEvent } from '../enrich/event.ts';

/** 0 info, 1 low, 2 medium, 3 high. */
export type Severity = 0 | 1 | 2 | 3;

export type EventSet = 'signatures' | 'default' | 'base';

/** One row of the ATT&CK for Linux matrix. */
export interface MitreTechnique {
  /** Tactic, for example TA0006 and credential-access. */
  readonly tacticId: string;
  readonly tacticName: string;
  /** Technique, for example T1003 and OS Credential Dumping. */
  readonly techniqueId: string;
  readonly techniqueName: string;
  /** Sub-technique, for example T1003.007 and Proc Filesystem. */
  readonly subtechniqueId?: string;
  readonly subtechniqueName?: string;
  /** STIX id of the sub-technique, or else of the technique: attack-pattern--…. */
  readonly stixId: string;
}

/** The public description of a kind of event. Raw (`base`) events have no id and no technique. */
export interface EventDefinition {
  /** EventName of the log record, for example proc_mem_access. */
  readonly eventName: string;
  /** For example TRC-1023; absent on raw events. */
  readonly id?: string;
  readonly version: string;
  readonly severity: Severity;
  readonly sets: readonly EventSet[];
  readonly mitre?: MitreTechnique;
  /** One sentence for a person: what was seen. */
  readonly description: string;
  /** Where to read more. */
  readonly reference?: string;
}

export type AccessMethod =
  | 'proc_mem_open'
  | 'kcore_open'
  | 'file_open'
  | 'process_vm_readv'
  | 'process_vm_writev'
  | 'ptrace_attach'
  | 'ptrace_seize'
  | 'ptrace_peek'
  | 'ptrace_poke'
  | 'ptrace_getregs'
  | 'ptrace_setregs'
  | 'pidfd_getfd'
  | 'scm_rights'
  | 'inherited'
  | 'proc_mem_read'
  | 'proc_mem_write'
  | 'mmap'
  | 'mprotect';

export type AccessMode = 'read' | 'write' | 'read_write' | 'attach';

/** Result of a signature on an event that it matches. */
export interface Match {
  readonly method: AccessMethod;
  /** Absent when nothing is read or written: an open with access mode 3, a change of memory protection. */
  readonly mode?: AccessMode;
  /** Severity when it differs from the definition's (own memory is 1, not 3). */
  readonly severity?: Severity;
  /** The event's documented data fields, verbatim; pid and target_pid included. */
  readonly data: Readonly<Record<string, string | number>>;
}

/** A signature: its metadata and one predicate. */
export interface Signature {
  readonly definition: EventDefinition;
  /** The kinds of captured event for which `match` is called. */
  readonly kinds: readonly EventKind[];
  /** Key of an event; of events with equal keys only the first is reported. Absent: each event is reported. */
  readonly once?: (event: EnrichedEvent) => string;
  /** Undefined when the signature does not match. Must not throw on any event. */
  match(event: EnrichedEvent): Match | undefined;
}

/** Identical detections that one detection stands for. */
export interface Repeat {
  /** How many were not reported one by one. */
  readonly count: number;
  /** When the first and the last of them happened: ns since the Unix epoch. */
  readonly firstUnixNs: bigint;
  readonly lastUnixNs: bigint;
}

/** One detection, ready to be reported. */
export interface Detection {
  readonly definition: EventDefinition;
  readonly severity: Severity;
  readonly match: Match;
  readonly event: EnrichedEvent;
  /** Set on a summary or a repeat: the identical detections that followed one that was reported. */
  readonly repeat?: Repeat;
  /** Name of the exception that lowered the severity. */
  readonly exception?: string;
}
