import { getSystemErrorMap } from 'node:util';
import koffi, { type LibraryHandle } from 'koffi';
import { MemwardenError } from '../errors.ts';
import { returnLargeAreas } from './libc.ts';

/** An address in memory of libbpf; 0 and null mean failure. */
export type Pointer = bigint;

/** The part of libbpf (>= 1.0) that memwarden uses. A null result is a failure with errno, a negative number is -errno. */
export interface Libbpf {
  openObject(path: string, options: { btfPath: string | undefined; log: Buffer }): Pointer | null;
  loadObject(object: Pointer): number;
  closeObject(object: Pointer): void;
  nextProgram(object: Pointer, previous: Pointer | null): Pointer | null;
  programName(program: Pointer): string;
  programFd(program: Pointer): number;
  /** enum bpf_prog_type and enum bpf_attach_type of include/uapi/linux/bpf.h. */
  programType(program: Pointer): number;
  expectedAttachType(program: Pointer): number;
  /** Loads `return 0` as a program of a kind, with the first BTF type of the kernel as its target. @returns a descriptor */
  loadSmallest(type: number, attachType: number): number;
  setAutoload(program: Pointer, on: boolean): number;
  attach(program: Pointer): Pointer | null;
  destroyLink(link: Pointer): number;
  /** Makes destroyLink leave the program attached: the pin of the link holds it. */
  disconnectLink(link: Pointer): void;
  pinLink(link: Pointer, path: string): number;
  pinProgram(program: Pointer, path: string): number;
  nextMap(object: Pointer, previous: Pointer | null): Pointer | null;
  mapName(map: Pointer): string;
  mapFd(map: Pointer): number;
  /** Type, size of key and value in bytes, and number of entries: what two maps must share to be exchanged. */
  mapShape(map: Pointer): readonly number[];
  reuseFd(map: Pointer, fd: number): number;
  pinMap(map: Pointer, path: string): number;
  /** A descriptor of the object that is pinned at a path. */
  openPinned(path: string): number;
  setMaxEntries(map: Pointer, entries: number): number;
  setInitialValue(map: Pointer, value: Buffer, bytes: number): number;
  updateElement(fd: number, key: Buffer, value: Buffer, flags: number): number;
  deleteElement(fd: number, key: Buffer): number;
  nextKey(fd: number, previous: Buffer | null, key: Buffer): number;
  lookupElement(fd: number, key: Buffer, value: Buffer): number;
  /** Fills `info` with struct bpf_map_info of a map, cut to the size of the buffer. */
  objectInfo(fd: number, info: Buffer): number;
  /** @throws MemwardenError CAPTURE_UNAVAILABLE where sysfs is missing */
  possibleCpus(): number;
  /** errno of the last failed call, for example 1 (EPERM). */
  errno(): number;
}

/** Size of the buffer for the verifier's log, bytes: a log that does not fit turns the error into ENOSPC. */
export const LOG_BYTES = 16 * 1024 * 1024;

/** struct bpf_prog_load_opts of libbpf 1.0, up to its last field that is set here. */
const PROG_LOAD_OPTS = { size: 48, expectedAttachType: 12, attachBtfId: 32 } as const;
/** `r0 = 0; exit`. */
const RETURN_0 = Buffer.from('b7000000000000009500000000000000', 'hex');
const INSTRUCTION_BYTES = 8;

/** Where libbpf reads the number of CPUs. */
const POSSIBLE_CPUS = '/sys/devices/system/cpu/possible';

/**
 * Loads libbpf.so.1 of the system.
 * @throws MemwardenError CAPTURE_UNAVAILABLE when the library is missing
 */
export function loadLibbpf(): Libbpf {
  loaded ??= load();
  return loaded;
}

/** koffi's type names are global to the process, so they can be declared only once. */
let loaded: Libbpf | undefined;

function load(): Libbpf {
  returnLargeAreas();
  const library = open();
  const f = (prototype: string) => library.func(prototype);

  // struct bpf_object_open_opts of libbpf 1.0; newer ones read no further than `sz`
  const Options = koffi.struct('bpf_object_open_opts', {
    sz: 'size_t',
    object_name: 'const char *',
    relaxed_maps: 'bool',
    pin_root_path: 'const char *',
    removed_attach_prog_fd: 'uint32_t',
    kconfig: 'const char *',
    btf_custom_path: 'const char *',
    kernel_log_buf: 'void *',
    kernel_log_size: 'size_t',
    kernel_log_level: 'uint32_t',
  });

  // by default libbpf prints to stderr; errors are taken from errno and the log buffer instead
  f('void *libbpf_set_print(void *callback)')(null);

  const openFile = f('void *bpf_object__open_file(const char *path, const bpf_object_open_opts *options)');
  const shapeOf = ['type', 'key_size', 'value_size', 'max_entries'].map(of =>
    f(`uint32_t bpf_map__${of}(void *map)`),
  );
  const getInfo = f('int bpf_obj_get_info_by_fd(int fd, void *info, uint32_t *length)');
  const loadProgram = f(
    'int bpf_prog_load(int type, const char *name, const char *license, const void *code, size_t count, const void *options)',
  );
  const initialValue = f('int bpf_map__set_initial_value(void *map, const void *data, size_t size)');

  const countCpus = f('int libbpf_num_possible_cpus()');

  return {
    openObject: (path, { btfPath, log }) =>
      openFile(path, {
        sz: koffi.sizeof(Options),
        object_name: 'memwarden',
        relaxed_maps: false,
        pin_root_path: null,
        removed_attach_prog_fd: 0,
        kconfig: null,
        btf_custom_path: btfPath ?? null,
        kernel_log_buf: log,
        kernel_log_size: log.length,
        kernel_log_level: 0,
      }),
    loadObject: f('int bpf_object__load(void *object)'),
    closeObject: f('void bpf_object__close(void *object)'),
    nextProgram: f('void *bpf_object__next_program(void *object, void *previous)'),
    programName: f('const char *bpf_program__name(void *program)'),
    programFd: f('int bpf_program__fd(void *program)'),
    programType: f('int bpf_program__type(void *program)'),
    expectedAttachType: f('int bpf_program__expected_attach_type(void *program)'),
    loadSmallest: (type, attachType) => {
      const options = Buffer.alloc(PROG_LOAD_OPTS.size);
      options.writeBigUInt64LE(BigInt(options.length));
      options.writeUInt32LE(attachType, PROG_LOAD_OPTS.expectedAttachType);
      options.writeUInt32LE(1, PROG_LOAD_OPTS.attachBtfId);
      return loadProgram(type, 'probe', 'GPL', RETURN_0, RETURN_0.length / INSTRUCTION_BYTES, options);
    },
    setAutoload: f('int bpf_program__set_autoload(void *program, bool on)'),
    attach: f('void *bpf_program__attach(void *program)'),
    destroyLink: f('int bpf_link__destroy(void *link)'),
    disconnectLink: f('void bpf_link__disconnect(void *link)'),
    pinLink: f('int bpf_link__pin(void *link, const char *path)'),
    pinProgram: f('int bpf_program__pin(void *program, const char *path)'),
    nextMap: f('void *bpf_object__next_map(void *object, void *previous)'),
    mapName: f('const char *bpf_map__name(void *map)'),
    mapFd: f('int bpf_map__fd(void *map)'),
    mapShape: map => shapeOf.map(read => Number(read(map))),
    pinMap: f('int bpf_map__pin(void *map, const char *path)'),
    openPinned: f('int bpf_obj_get(const char *path)'),
    reuseFd: f('int bpf_map__reuse_fd(void *map, int fd)'),
    setMaxEntries: f('int bpf_map__set_max_entries(void *map, uint32_t entries)'),
    setInitialValue: (map, value, bytes) => initialValue(map, value, bytes),
    updateElement: f('int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)'),
    deleteElement: f('int bpf_map_delete_elem(int fd, const void *key)'),
    nextKey: f('int bpf_map_get_next_key(int fd, const void *previous, void *key)'),
    lookupElement: f('int bpf_map_lookup_elem(int fd, const void *key, void *value)'),
    objectInfo: (fd, info) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(info.length);
      return getInfo(fd, info, length);
    },
    possibleCpus: () => {
      const count = countCpus();
      if (count > 0) return count;
      throw new MemwardenError(
        'CAPTURE_UNAVAILABLE',
        `failed to count the CPUs of this machine in ${POSSIBLE_CPUS}: ${describeErrno(-count)}`,
        'mount sysfs: mount -t sysfs sysfs /sys',
      );
    },
    errno: () => koffi.errno(),
  };
}

/** Of include/linux/errno.h: internal to the kernel, but bpf(2) returns it, and the C library has no name for it. */
const ENOTSUPP = 524;

/** For example "EPERM (operation not permitted)". @param errno positive error number */
export function describeErrno(errno: number): string {
  if (errno === ENOTSUPP) return 'ENOTSUPP (operation is not supported)';
  const entry = getSystemErrorMap().get(-errno);
  return entry ? `${entry[0]} (${entry[1]})` : `errno ${errno}`;
}

function open(): LibraryHandle {
  try {
    return koffi.load('libbpf.so.1');
  } catch (cause) {
    throw new MemwardenError(
      'CAPTURE_UNAVAILABLE',
      `failed to load libbpf.so.1: ${cause instanceof Error ? cause.message : String(cause)}`,
      'install it: apt-get install libbpf1 (Debian 12, Ubuntu 22.10 or newer), dnf install libbpf',
      { cause },
    );
  }
}
