import {
  type Actor,
  type Ancestor,
  CAPTURE_METHODS,
  EVENT_KINDS,
  HOOK_NAMES,
  type ProcessIdentity,
} from '../capture/event.ts';
import type { EnrichedEvent, ProcessDetails } from '../enrich/event.ts';

/** How a value is written in JSON: a bigint as decimal text, an absent value not at all. */
type Codec<T> = {
  encode(value: T): unknown;
  /** @throws {TypeError} when the JSON value is no such thing. */
  decode(json: unknown, place: string): T;
};

type Fields<T> = { readonly [K in keyof T]-?: Codec<T[K]> };

function expected(what: string, place: string): TypeError {
  return new TypeError(`${place} is not ${what}`);
}

function primitive<T>(what: string, is: (json: unknown) => json is T): Codec<T> {
  return {
    encode: value => value,
    decode: (json, place) => {
      if (!is(json)) throw expected(what, place);
      return json;
    },
  };
}

const TEXT = primitive('a text', json => typeof json === 'string');
const NUMBER = primitive('a number', json => typeof json === 'number');
const BOOLEAN = primitive('true or false', json => typeof json === 'boolean');

const BIGINT: Codec<bigint> = {
  encode: value => value.toString(),
  decode: (json, place) => {
    if (typeof json !== 'string' || !/^-?\d+$/.test(json)) throw expected('a whole number as text', place);
    return BigInt(json);
  },
};

/** One of the values of a union of texts: written out, so that another kernel's or version's is not taken for ours. */
function oneOf<T extends string>(...values: readonly T[]): Codec<T> {
  return primitive(`one of ${values.join(', ')}`, (json): json is T =>
    (values as readonly unknown[]).includes(json),
  );
}

function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    encode: value => (value === undefined ? undefined : codec.encode(value)),
    decode: (json, place) => (json === undefined ? undefined : codec.decode(json, place)),
  };
}

function list<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    encode: values => values.map(value => codec.encode(value)),
    decode: (json, place) => {
      if (!Array.isArray(json)) throw expected('a list', place);
      return json.map((item, index) => codec.decode(item, `${place}[${index}]`));
    },
  };
}

function record<T extends object>(fields: Fields<T>): Codec<T> {
  const entries = Object.entries(fields) as [keyof T & string, Codec<unknown>][];
  return {
    encode: value => Object.fromEntries(entries.map(([name, codec]) => [name, codec.encode(value[name])])),
    decode: (json, place) => {
      if (typeof json !== 'object' || json === null) throw expected('a record', place);
      const values = new Map(Object.entries(json));
      return Object.fromEntries(
        entries.map(([name, codec]) => [name, codec.decode(values.get(name), `${place}.${name}`)]),
      ) as T;
    },
  };
}

const PROCESS: Fields<ProcessIdentity> = {
  tgid: NUMBER,
  tid: NUMBER,
  vtgid: NUMBER,
  ppid: NUMBER,
  uid: NUMBER,
  euid: NUMBER,
  gid: NUMBER,
  loginuid: optional(NUMBER),
  startTimeNs: BIGINT,
  cgroupId: BIGINT,
  pidNamespace: NUMBER,
  mountNamespace: NUMBER,
  comm: TEXT,
  executablePath: optional(TEXT),
  cgroupPath: optional(TEXT),
};

const ACTOR: Fields<Actor> = {
  ...PROCESS,
  ancestors: list(record<Ancestor>({ tgid: NUMBER, comm: TEXT })),
  arguments: list(TEXT),
};

const DETAIL_NAMES = [
  'commandLine',
  'workingDirectory',
  'userName',
  'containerId',
  'podUid',
] as const satisfies readonly (keyof ProcessDetails)[];

/** Details that are not known have no key, unlike the fields of an event. */
const DETAILS: Codec<ProcessDetails> = {
  encode: details => details,
  decode: (json, place) => {
    if (typeof json !== 'object' || json === null) throw expected('a record', place);
    const values = new Map(Object.entries(json));
    return Object.fromEntries(
      DETAIL_NAMES.filter(name => values.has(name)).map(name => [
        name,
        TEXT.decode(values.get(name), `${place}.${name}`),
      ]),
    );
  },
};

/** An event with all that was known of it, as JSON values; every field of the contract is checked on the way back. */
export const ENRICHED_EVENT: Codec<EnrichedEvent> = record<EnrichedEvent>({
  kind: oneOf(...EVENT_KINDS),
  timeNs: BIGINT,
  cpu: NUMBER,
  sequence: BIGINT,
  hook: oneOf(...HOOK_NAMES),
  method: oneOf(...CAPTURE_METHODS),
  actor: record(ACTOR),
  target: optional(record(PROCESS)),
  selfAccess: BOOLEAN,
  targetIsDescendant: BOOLEAN,
  ioUring: BOOLEAN,
  compat: BOOLEAN,
  byText: BOOLEAN,
  tracemeChild: BOOLEAN,
  result: optional(NUMBER),
  flags: NUMBER,
  path: optional(TEXT),
  requestedPath: optional(TEXT),
  device: NUMBER,
  inode: BIGINT,
  ctimeNs: BIGINT,
  address: BIGINT,
  sizeBytes: BIGINT,
  protection: NUMBER,
  previousProtection: NUMBER,
  namedPid: NUMBER,
  descriptor: optional(NUMBER),
  repeatCount: BIGINT,
  repeatFirstNs: BIGINT,
  observedTimeUnixNs: BIGINT,
  timeUnixNs: BIGINT,
  actorDetails: DETAILS,
  targetDetails: DETAILS,
  crossContainer: optional(BOOLEAN),
});
