import {
  type Actor,
  type Ancestor,
  CAPTURE_METHODS,
  EVENT_KINDS,
  HOOK_NAMES,
  type ProcessIdentity,
} from '../capture/event.ts';
import { type Canonical, canonical } from '../capture/identity.ts';
import type { EnrichedEvent, ProcessDetails } from './event.ts';

/** How a value is written in JSON: a bigint as decimal text; undefined is left out. */
type Codec<T> = {
  encode(value: T): unknown;
  /** @throws {TypeError} when the JSON value has another form. */
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

/** The kernel's strings have a length of 16 bits, in bytes (bpf/contract/event.h); in characters none is longer. */
const TEXT_LENGTH_MAX = 0xffff;

const TEXT = primitive(
  `a text of at most ${TEXT_LENGTH_MAX} characters`,
  (json): json is string => typeof json === 'string' && json.length <= TEXT_LENGTH_MAX,
);
const BOOLEAN = primitive('true or false', json => typeof json === 'boolean');

/** The number types of bpf/contract/event.h: a number that does not fit was never captured. */
const UINT32 = whole(0, 0xffff_ffff);
const INT32 = whole(-0x8000_0000, 0x7fff_ffff);

function whole(minimum: number, maximum: number): Codec<number> {
  return primitive(
    `a whole number from ${minimum} to ${maximum}`,
    (json): json is number => Number.isInteger(json) && Number(json) >= minimum && Number(json) <= maximum,
  );
}

const UINT64: Codec<bigint> = {
  encode: value => value.toString(),
  decode: (json, place) => {
    // at most 20 digits: BigInt would take seconds for a megabyte of them
    const value = typeof json === 'string' && /^\d{1,20}$/.test(json) ? BigInt(json) : undefined;
    if (value === undefined || value !== BigInt.asUintN(64, value))
      throw expected('a whole number as text, of at most 64 bits', place);
    return value;
  },
};

/** One of the texts of a union; those of another version are refused. */
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

function canonicalRecord<T extends object>(fields: Fields<T>): Codec<Canonical<T>> {
  const { encode, decode } = record(fields);
  return { encode, decode: (json, place) => canonical(decode(json, place)) };
}

const PROCESS: Fields<ProcessIdentity> = {
  tgid: UINT32,
  tid: UINT32,
  vtgid: UINT32,
  ppid: UINT32,
  uid: UINT32,
  euid: UINT32,
  gid: UINT32,
  loginuid: optional(UINT32),
  startTimeNs: UINT64,
  cgroupId: UINT64,
  pidNamespace: UINT32,
  mountNamespace: UINT32,
  comm: TEXT,
  executablePath: optional(TEXT),
  cgroupPath: optional(TEXT),
};

const ACTOR: Fields<Actor> = {
  ...PROCESS,
  ancestors: list(record<Ancestor>({ tgid: UINT32, comm: TEXT })),
  arguments: list(TEXT),
};

const DETAIL_NAMES = [
  'commandLine',
  'workingDirectory',
  'userName',
  'containerId',
  'podUid',
] as const satisfies readonly (keyof ProcessDetails)[];

/** Unknown details have no key, unlike undefined fields of an event. */
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

/** An enriched event as JSON values; decoding checks every field. */
export const ENRICHED_EVENT: Codec<EnrichedEvent> = record<EnrichedEvent>({
  kind: oneOf(...EVENT_KINDS),
  timeNs: UINT64,
  cpu: UINT32,
  sequence: UINT64,
  hook: oneOf(...HOOK_NAMES),
  method: oneOf(...CAPTURE_METHODS),
  actor: canonicalRecord(ACTOR),
  target: optional(canonicalRecord(PROCESS)),
  selfAccess: BOOLEAN,
  targetIsDescendant: BOOLEAN,
  ioUring: BOOLEAN,
  compat: BOOLEAN,
  byText: BOOLEAN,
  tracemeChild: BOOLEAN,
  result: optional(INT32),
  flags: UINT32,
  path: optional(TEXT),
  requestedPath: optional(TEXT),
  device: UINT32,
  inode: UINT64,
  ctimeNs: UINT64,
  address: UINT64,
  sizeBytes: UINT64,
  protection: UINT32,
  previousProtection: UINT32,
  namedPid: UINT32,
  descriptor: optional(whole(0, 0x7fff_ffff)),
  repeatCount: UINT64,
  repeatFirstNs: UINT64,
  observedTimeUnixNs: UINT64,
  timeUnixNs: UINT64,
  actorDetails: DETAILS,
  targetDetails: DETAILS,
  crossContainer: optional(BOOLEAN),
});
