import { statSync } from 'node:fs';
import { MemwardenError } from '../../errors.ts';
import { describeErrno, type Libbpf } from '../../native/libbpf.ts';
import { mapKeys } from './map-keys.ts';

/** Sizes of the keys of bpf/lib/raw_filter.bpf.h, bytes. */
const DIRECTORY_KEY_BYTES = 16;
const NAME_BYTES = 64;
const SUFFIX_BYTES = 16;
const ENTRIES_MAX = 256;

/** Which files the raw event security_file_open reports: those that match any entry. */
export interface RawFilter {
  /** Absolute paths of directories (everything below them) and files, which must exist: device and inode are compared. */
  readonly prefixes: readonly string[];
  /** Ends of file names, at most 16 bytes. */
  readonly suffixes: readonly string[];
  /** Whole file names, at most 63 bytes. */
  readonly names: readonly string[];
  readonly allowUnfiltered: boolean;
}

/**
 * Fills the filter's maps.
 * @throws MemwardenError CONFIG_INVALID for a filter that does not fit into the maps, or that is empty
 */
export function installRawFilter(libbpf: Libbpf, filter: RawFilter, mapFd: (name: string) => number): void {
  const { prefixes, suffixes, names, allowUnfiltered } = filter;
  if (prefixes.length + suffixes.length + names.length === 0 && !allowUnfiltered) {
    throw new MemwardenError(
      'CONFIG_INVALID',
      'failed to select security_file_open: it has no filter, and every open of the machine would be reported',
      'give path prefixes, suffixes or names, or confirm it with --allow-unfiltered',
    );
  }
  insert(libbpf, mapFd('raw_directories'), 'prefixes', prefixes.map(directoryKey), DIRECTORY_KEY_BYTES);
  insert(libbpf, mapFd('raw_suffixes'), 'suffixes', suffixes.map(suffixKey), 4 + SUFFIX_BYTES);
  insert(libbpf, mapFd('raw_names'), 'names', names.map(nameKey), NAME_BYTES);
}

function insert(libbpf: Libbpf, fd: number, what: string, keys: readonly Buffer[], keyBytes: number): void {
  if (keys.length > ENTRIES_MAX)
    throw invalid(what, `${keys.length} entries`, `at most ${ENTRIES_MAX} are allowed`);
  for (const key of keys) {
    const result = libbpf.updateElement(fd, key, Buffer.from([1]), 0);
    if (result < 0) throw invalid(what, describeErrno(-result), 'see the kernel log');
  }
  // maps of the previous sidecar may hold entries of its filter
  for (const old of mapKeys(libbpf, fd, keyBytes)) {
    if (!keys.some(key => key.equals(old))) libbpf.deleteElement(fd, old);
  }
}

/** struct mw_directory. User space's dev_t has its minor number in two parts (new_encode_dev), the kernel's in one. */
function directoryKey(path: string): Buffer {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined)
    throw invalid('prefixes', `${path} does not exist`, 'name existing directories or files');
  const major = (stat.dev >> 8n) & 0xfffn;
  const minor = (stat.dev & 0xffn) | ((stat.dev >> 12n) & 0xfff00n);
  const key = Buffer.alloc(DIRECTORY_KEY_BYTES);
  key.writeBigUInt64LE(stat.ino, 0);
  key.writeBigUInt64LE((major << 20n) | minor, 8);
  return key;
}

/** struct mw_suffix: the last byte first, so that a suffix is a prefix of the key. */
function suffixKey(suffix: string): Buffer {
  const bytes = Buffer.from(suffix).reverse();
  if (bytes.length === 0 || bytes.length > SUFFIX_BYTES) {
    throw invalid('suffixes', JSON.stringify(suffix), `1 to ${SUFFIX_BYTES} bytes are allowed`);
  }
  const key = Buffer.alloc(4 + SUFFIX_BYTES);
  key.writeUInt32LE(bytes.length * 8, 0);
  bytes.copy(key, 4);
  return key;
}

function nameKey(name: string): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length === 0 || bytes.length >= NAME_BYTES || name.includes('/')) {
    throw invalid(
      'names',
      JSON.stringify(name),
      `a file name of at most ${NAME_BYTES - 1} bytes, without a slash, is allowed`,
    );
  }
  const key = Buffer.alloc(NAME_BYTES);
  bytes.copy(key);
  return key;
}

function invalid(what: string, value: string, allowed: string): MemwardenError {
  return new MemwardenError(
    'CONFIG_INVALID',
    `failed to filter security_file_open by ${what}: ${value}`,
    allowed,
  );
}
