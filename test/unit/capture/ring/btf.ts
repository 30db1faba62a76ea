/** Just enough of a BTF reader (Documentation/bpf/btf.rst) to find structures and enumerations in an ELF object. */

const KIND = {
  int: 1,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  func: 12,
  funcProto: 13,
  variable: 14,
  dataSection: 15,
};
const DECL_TAG = 17;
const ENUM64 = 19;

export interface Structure {
  readonly sizeBytes: number;
  /** Offset of each member, bytes. */
  readonly offsets: ReadonlyMap<string, number>;
}

export interface Btf {
  structure(name: string): Structure;
  enumeration(name: string): ReadonlyMap<string, number>;
}

/** @throws Error when the object has no BTF, or the type is not in it */
export function readBtf(object: Buffer): Btf {
  const section = sectionOf(object, '.BTF');
  const header = section.readUInt32LE(4);
  const types = section.subarray(
    header + section.readUInt32LE(8),
    header + section.readUInt32LE(8) + section.readUInt32LE(12),
  );
  const strings = section.subarray(header + section.readUInt32LE(16));
  const nameAt = (offset: number) => strings.toString('utf8', offset, strings.indexOf(0, offset));

  const structures = new Map<string, Structure>();
  const enumerations = new Map<string, ReadonlyMap<string, number>>();
  for (let at = 0; at < types.length; ) {
    const name = nameAt(types.readUInt32LE(at));
    const info = types.readUInt32LE(at + 4);
    const size = types.readUInt32LE(at + 8);
    const kind = (info >>> 24) & 0x1f;
    const count = info & 0xffff;
    const entries = at + 12;
    const each = entryBytes(kind);
    if (kind === KIND.struct) {
      const offsets = new Map<string, number>();
      for (let i = 0; i < count; i++) {
        offsets.set(
          nameAt(types.readUInt32LE(entries + i * each)),
          types.readUInt32LE(entries + i * each + 8) / 8,
        );
      }
      structures.set(name, { sizeBytes: size, offsets });
    }
    if (kind === KIND.enum) {
      const values = new Map<string, number>();
      for (let i = 0; i < count; i++) {
        values.set(nameAt(types.readUInt32LE(entries + i * each)), types.readInt32LE(entries + i * each + 4));
      }
      enumerations.set(name, values);
    }
    at = entries + (isSingle(kind) ? each : count * each);
  }

  return {
    structure: name => found(structures.get(name), `struct ${name}`),
    enumeration: name => found(enumerations.get(name), `enum ${name}`),
  };
}

function isSingle(kind: number): boolean {
  return kind === KIND.int || kind === KIND.array || kind === KIND.variable || kind === DECL_TAG;
}

function entryBytes(kind: number): number {
  switch (kind) {
    case KIND.int:
    case KIND.variable:
    case DECL_TAG:
      return 4;
    case KIND.array:
    case KIND.struct:
    case KIND.union:
    case KIND.dataSection:
    case ENUM64:
      return 12;
    case KIND.enum:
    case KIND.funcProto:
      return 8;
    default:
      return 0;
  }
}

/** ELF64, little-endian: the section header table names its sections through the string section. */
function sectionOf(object: Buffer, wanted: string): Buffer {
  const table = Number(object.readBigUInt64LE(40));
  const entry = (index: number) => table + index * object.readUInt16LE(58);
  const content = (index: number) => {
    const start = Number(object.readBigUInt64LE(entry(index) + 24));
    return object.subarray(start, start + Number(object.readBigUInt64LE(entry(index) + 32)));
  };
  const names = content(object.readUInt16LE(62));
  for (let i = 0; i < object.readUInt16LE(60); i++) {
    const at = object.readUInt32LE(entry(i));
    if (names.toString('utf8', at, names.indexOf(0, at)) === wanted) return content(i);
  }
  throw new Error(`the object has no section ${wanted}`);
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the object's BTF has no ${what}`);
  return value;
}
