import {
  type CelInput,
  type CelMap,
  CelScalar,
  type CelType,
  celList,
  celMap,
  listType,
} from '@bufbuild/cel';
import type { Actor, ProcessIdentity } from '../../capture/event.ts';
import { type Canonical, IdentityCache } from '../../capture/identity.ts';
import type { ProcessDetails } from '../../enrich/event.ts';
import type { Detection } from '../detection.ts';
import { errnoName } from '../kernel-names/errno.ts';

/** A group of named values. */
export interface RecordType {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: Readonly<Record<string, CelType | RecordType>>;
}

const { BOOL, INT, STRING } = CelScalar;

/** What a condition can ask about either side. A text that is not known is empty, an id -1: never root's 0. */
const PROCESS = {
  /** Thread-group id in the initial pid namespace. */
  pid: INT,
  /** Thread-group id of the parent. */
  ppid: INT,
  /** Path of the executable in the root of its own mount namespace, as the kernel has it. */
  exe: STRING,
  /** Name that the process gives itself: any process can take any name. */
  comm: STRING,
  /** Real and effective user id in the initial user namespace. */
  uid: INT,
  euid: INT,
  /** Real group id. */
  gid: INT,
  /** User id at login, kept over `su` and `sudo`; -1 for a service. */
  loginuid: INT,
  /** Login name of the effective user id. */
  user: STRING,
  /** Arguments joined by blanks, secrets redacted: any process can have any. */
  cmdline: STRING,
  /** Inode numbers of its mount and pid namespaces: a path means the same only where the mount namespace is. */
  mount_ns: INT,
  pid_ns: INT,
  cgroup: STRING,
  container_id: STRING,
  pod_uid: STRING,
};

/** Everything that a condition can ask about, with its type. */
export const VARIABLES: RecordType['fields'] = {
  /** Name of the event, `proc_mem_access`. */
  event: STRING,
  /** 0 to 3, before any exception. */
  severity: INT,
  /** How: `proc_mem_open`, `process_vm_readv`, `ptrace_attach`, … */
  method: STRING,
  /** `read`, `write`, `read_write`, `attach`, or empty. */
  mode: STRING,
  /** `success`, `failure`, or empty when no hook could see it. */
  outcome: STRING,
  /** Name of the error of a failure, `EACCES`. */
  error: STRING,
  /** Path of the opened file, as it is in `pathname`. */
  path: STRING,
  /** Flags of the open, `O_RDONLY|O_CLOEXEC`. */
  flags: STRING,
  /** Text of a memory protection alert. */
  alert: STRING,
  /** Name of the ptrace request, `PTRACE_ATTACH`. */
  request: STRING,
  /** Bytes moved, or length of the memory. */
  bytes: INT,
  /** Actor and target are one process. */
  self_access: BOOL,
  /** The target is a child, grandchild, … of the actor. */
  target_is_descendant: BOOL,
  /** Actor and target are in different containers, or only one is in one. */
  cross_container: BOOL,
  io_uring: BOOL,
  actor: {
    kind: 'record',
    name: 'actor',
    fields: {
      ...PROCESS,
      /** Names (`comm`) of the actor's ancestors, parent first, at most 8. */
      ancestors: listType(STRING),
    },
  },
  /** Whose memory; all empty when there is no target, as for kernel memory. */
  target: { kind: 'record', name: 'target', fields: PROCESS },
};

const UNKNOWN_ID = -1n;

function bindProcess(
  identity: ProcessIdentity | undefined,
  details: ProcessDetails,
): Record<keyof typeof PROCESS, string | bigint> {
  const id = (value: number | undefined) => (value === undefined ? UNKNOWN_ID : BigInt(value));
  return {
    pid: id(identity?.tgid),
    ppid: id(identity?.ppid),
    exe: identity?.executablePath ?? '',
    comm: identity?.comm ?? '',
    uid: id(identity?.uid),
    euid: id(identity?.euid),
    gid: id(identity?.gid),
    loginuid: id(identity?.loginuid),
    user: details.userName ?? '',
    cmdline: details.commandLine ?? '',
    mount_ns: id(identity?.mountNamespace),
    pid_ns: id(identity?.pidNamespace),
    cgroup: identity?.cgroupPath ?? '',
    container_id: details.containerId ?? '',
    pod_uid: details.podUid ?? '',
  };
}

function outcomeOf(result: number | undefined): string {
  if (result === undefined) return '';
  return result < 0 ? 'failure' : 'success';
}

/** A record as CEL's own type: a plain one would be converted again for every field that a condition asks for. */
function celRecord(fields: Readonly<Record<string, CelInput>>): CelMap {
  return celMap(new Map(Object.entries(fields)));
}

/** The variables of a process, kept while its identity and its details are the same objects. */
class Bound<T extends ProcessIdentity> {
  readonly #bound = new IdentityCache<
    Canonical<T>,
    { readonly details: ProcessDetails; readonly record: CelMap }
  >();
  readonly #create: (identity: T, details: ProcessDetails) => CelMap;

  constructor(create: (identity: T, details: ProcessDetails) => CelMap) {
    this.#create = create;
  }

  bind(identity: Canonical<T>, details: ProcessDetails): CelMap {
    const known = this.#bound.get(identity);
    if (known?.details === details) return known.record;
    const record = this.#create(identity, details);
    this.#bound.set(identity, { details, record });
    return record;
  }
}

const actors = new Bound<Actor>((actor, details) =>
  celRecord({
    ...bindProcess(actor, details),
    ancestors: celList(actor.ancestors.map(({ comm }) => comm)),
  }),
);
const targets = new Bound<ProcessIdentity>((target, details) => celRecord(bindProcess(target, details)));
const NOBODY = celRecord(bindProcess(undefined, {}));

/** The values of {@link VARIABLES} for one detection. */
export type Bindings = ReturnType<typeof bindVariables>;

/** Bind once per detection, for all the conditions that are tested on it. */
export function bindVariables({ definition, severity, match, event }: Detection) {
  const text = (field: string) => String(match.data[field] ?? '');
  return {
    event: definition.eventName,
    severity: BigInt(severity),
    method: match.method,
    mode: match.mode ?? '',
    outcome: outcomeOf(event.result),
    error: errnoName(event.result ?? 0) ?? '',
    path: text('pathname'),
    flags: text('flags'),
    alert: text('alert'),
    request: text('request'),
    bytes: event.sizeBytes,
    self_access: event.selfAccess,
    target_is_descendant: event.targetIsDescendant,
    cross_container: event.crossContainer ?? false,
    io_uring: event.ioUring,
    actor: actors.bind(event.actor, event.actorDetails),
    target: event.target === undefined ? NOBODY : targets.bind(event.target, event.targetDetails),
  };
}
