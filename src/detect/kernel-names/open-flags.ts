import type { AccessMode } from '../detection.ts';

/** Architectures whose `O_*` values differ, as `process.arch` names them. */
export const FLAG_ARCHITECTURES = ['x64', 'arm64'] as const;
export type FlagArchitecture = (typeof FLAG_ARCHITECTURES)[number];

type NamedBits = readonly [name: string, bits: number];

/** asm-generic/fcntl.h. O_SYNC comes before O_DSYNC, whose bit it contains. */
const COMMON: readonly NamedBits[] = [
  ['O_SYNC', 0o4010000],
  // include/linux/fs.h __FMODE_EXEC: the kernel opens a program to execute it
  ['FMODE_EXEC', 0o40],
  ['O_CREAT', 0o100],
  ['O_EXCL', 0o200],
  ['O_NOCTTY', 0o400],
  ['O_TRUNC', 0o1000],
  ['O_APPEND', 0o2000],
  ['O_NONBLOCK', 0o4000],
  ['O_DSYNC', 0o10000],
  ['O_ASYNC', 0o20000],
  ['O_NOATIME', 0o1000000],
  ['O_CLOEXEC', 0o2000000],
  ['O_PATH', 0o10000000],
];

/** arm64 has the values of arm (arch/arm64/include/uapi/asm/fcntl.h). O_TMPFILE contains the bit of O_DIRECTORY. */
const SPECIFIC: Readonly<Record<FlagArchitecture, readonly NamedBits[]>> = {
  x64: [
    ['O_TMPFILE', 0o20200000],
    ['O_DIRECT', 0o40000],
    ['O_LARGEFILE', 0o100000],
    ['O_DIRECTORY', 0o200000],
    ['O_NOFOLLOW', 0o400000],
  ],
  arm64: [
    ['O_TMPFILE', 0o20040000],
    ['O_DIRECTORY', 0o40000],
    ['O_NOFOLLOW', 0o100000],
    ['O_DIRECT', 0o200000],
    ['O_LARGEFILE', 0o400000],
  ],
};

const ACCESS_NAMES = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'] as const;
const ACCESS_MODES: readonly (AccessMode | undefined)[] = ['read', 'write', 'read_write', undefined];
const O_ACCMODE = 0o3;

/** The architecture whose values this machine's kernel uses. */
export const HOST_ARCHITECTURE: FlagArchitecture = process.arch === 'arm64' ? 'arm64' : 'x64';

/** Cache of decoded flags: programs use few combinations. */
const DECODED = new Map<string, string>();
const DECODED_MAX = 1_024;

/**
 * The `O_*` bits of an open as text: the access mode first, then the other flags, joined by `|`. Bits without a name come
 * last, as one hexadecimal number.
 */
export function decodeOpenFlags(flags: number, architecture: FlagArchitecture = HOST_ARCHITECTURE): string {
  const key = architecture + flags;
  let text = DECODED.get(key);
  if (text === undefined) {
    text = decode(flags, architecture);
    if (DECODED.size >= DECODED_MAX) DECODED.clear();
    DECODED.set(key, text);
  }
  return text;
}

function decode(flags: number, architecture: FlagArchitecture): string {
  const names: string[] = [ACCESS_NAMES[flags & O_ACCMODE] ?? 'O_RDONLY'];
  let rest = flags & ~O_ACCMODE;
  for (const [name, bits] of [...COMMON, ...SPECIFIC[architecture]]) {
    if ((rest & bits) === bits) {
      names.push(name);
      rest &= ~bits;
    }
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`);
  return names.join('|');
}

/**
 * Access mode of an open, `flags & O_ACCMODE`: 0 read, 1 write, 2 both. Undefined for 3, which requires both permissions
 * and allows neither to read nor to write (open(2)).
 */
export function accessModeOf(flags: number): AccessMode | undefined {
  return ACCESS_MODES[flags & O_ACCMODE];
}

/** Translates `O_*` bits of one architecture to the bits with the same names on another. */
export function translateOpenFlags(flags: number, from: FlagArchitecture, to: FlagArchitecture): number {
  if (from === to) return flags;
  let rest = flags;
  let translated = 0;
  for (const [name, bits] of SPECIFIC[from]) {
    if ((rest & bits) !== bits) continue;
    rest &= ~bits;
    translated |= SPECIFIC[to].find(([other]) => other === name)?.[1] ?? 0;
  }
  return rest | translated;
}
