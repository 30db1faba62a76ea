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

/** A record of named values, such as `actor`. */
export interface RecordType {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: Readonly<Record<string, CelType | RecordType>>;
}

const { BOOL, INT, STRING } = CelScalar;

/** Fields of `actor` and `target`. An unknown text is empty; an unknown id is -1, because 0 would be root. */
const PROCESS = {
  /** Thread-group id in the initial pid namespace. */
  pid: INT,
  /** Thread-group id of the parent. */
  ppid: INT,
  /** Path of the executable as the kernel has it, from the root of the process's mount namespace. */
  exe: STRING,
  /** Name that the process can set itself, to anything: not an identification. */
  comm: STRING,
  /** Real and effective user id in the initial user namespace. */
  uid: INT,
  euid: INT,
  /** Real group id. */
  gid: INT,
  /** User id at login (loginuid), unchanged by `su` and `sudo`; -1 for a service. */
  loginuid: INT,
  /** Login name of the effective user id. */
  user: STRING,
  /** Arguments joined by blanks, secrets redacted. The process can set them to anything: not an identification. */
  cmdline: STRING,
  /** Inode numbers of its mount and pid namespaces. The same path in another mount namespace can be another file. */
  mount_ns: INT,
  pid_ns: INT,
  cgroup: STRING,
  container_id: STRING,
  pod_uid: STRING,
};

/** The variables of a condition, with their types. */
export const VARIABLES: RecordType['fields'] = {
  /** Name of the event, `proc_mem_access`. */
  event: STRING,
  /** 0 to 3, before any exception. */
  severity: INT,
  /** Kind of access: `proc_mem_open`, `process_vm_readv`, `ptrace_attach`, … */
  method: STRING,
  /** `read`, `write`, `read_write`, `attach`, or empty. */
  mode: STRING,
  /** `success`, `failure`, or empty when no hook could see it. */
  outcome: STRING,
  /** Name of the error of a failure, `EACCES`. */
  error: STRING,
  /** Path of the opened file, as in the attribute `pathname`. */
  path: STRING,
  /** Flags of the open, `O_RDONLY|O_CLOEXEC`. */
  flags: STRING,
  /** Text of a memory protection alert. */
  alert: STRING,
  /** Name of the ptrace request, `PTRACE_ATTACH`. */
  request: STRING,
  /** Bytes moved, or length of the memory. */
  bytes: INT,
  /** Actor and target are the same process. */
  self_access: BOOL,
  /** The target is a child, grandchild, … of the actor. */
  target_is_descendant: BOOL,
  /** Actor and target are in different containers, or only one of them is in a container. */
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
  /** The process whose memory is accessed; all fields are empty or -1 without a target, as for kernel memory. */
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

/** A record as CEL's own map: the library would convert a plain object again at each access to a field. */
function celRecord(fields: Readonly<Record<string, CelInput>>): CelMap {
  return celMap(new Map(Object.entries(fields)));
}

/** Cache of the CEL record of a process, valid while identity and details are the same objects. */
class BoundProcesses<T extends ProcessIdentity> {
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

const actors = new BoundProcesses<Actor>((actor, details) =>
  celRecord({
    ...bindProcess(actor, details),
    ancestors: celList(actor.ancestors.map(({ comm }) => comm)),
  }),
);
const targets = new BoundProcesses<ProcessIdentity>((target, details) =>
  celRecord(bindProcess(target, details)),
);
const NOBODY = celRecord(bindProcess(undefined, {}));

/** The values of {@link VARIABLES} for one detection. */
export type Bindings = ReturnType<typeof bindVariables>;

/** Creates the bindings of one detection, for all conditions that are tested on it. */
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
