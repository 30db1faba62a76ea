import koffi, { type LibraryHandle } from 'koffi';

/** Numbers of system calls: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. */
const NUMBERS = {
  x64: { bpf: 321, capset: 126, prctl: 157 },
  arm64: { bpf: 280, capset: 91, prctl: 167 },
} as const;

const PR_SET_NO_NEW_PRIVS = 38;
const BPF_MAP_LOOKUP_ELEM = 1;
/** Enough of union bpf_attr for a look-up: map_fd, key, value, flags. */
const BPF_ATTR_BYTES = 32;
/** _LINUX_CAPABILITY_VERSION_3 of include/uapi/linux/capability.h. */
const CAPABILITY_VERSION = 0x2008_0522;

/** System calls that change privileges: of the calling thread, or of every thread of the process. */
export interface SystemCalls {
  /** Sets the effective and the permitted capabilities and clears the inheritable ones. @throws Error */
  setCapabilities(effective: bigint, permitted: bigint): void;
  /** From now on execve(2) grants no further privileges. @throws Error */
  setNoNewPrivileges(): void;
}

/** For the calling thread only. */
export function callsOfThisThread(): SystemCalls {
  return systemCalls(koffi.load('libc.so.6'), 'syscall');
}

/**
 * For every thread. In the kernel, privileges belong to threads, and Node.js has a dozen threads before any JavaScript runs.
 * libpsx, of libcap, makes a call on each of them, from a signal handler. Newer versions (2.75 does, 2.66 does not) find the
 * threads that were not started through libpsx; with an older one this is the same as `callsOfThisThread`.
 *
 * @returns undefined where there is no libpsx
 */
export function callsOfEveryThread(): SystemCalls | undefined {
  let library: LibraryHandle;
  try {
    library = koffi.load('libpsx.so.2');
  } catch {
    return undefined; // the caller reports the consequence
  }
  return systemCalls(library, 'psx_syscall6');
}

/** Whether the kernel lets the calling thread, with its current privileges, read maps that it has open. */
export function mayReadMaps(): boolean {
  const { bpf } = numbers();
  const attributes = Buffer.alloc(BPF_ATTR_BYTES);
  // an invalid descriptor: privileges are checked first (EPERM), then the descriptor (EBADF)
  attributes.writeInt32LE(-1, 0);
  const call = koffi
    .load('libc.so.6')
    .func('long syscall(long number, long command, void *attributes, long size)');
  call(bpf, BPF_MAP_LOOKUP_ELEM, attributes, BPF_ATTR_BYTES);
  return koffi.errno() !== koffi.os.errno['EPERM'];
}

function systemCalls(library: LibraryHandle, name: 'syscall' | 'psx_syscall6'): SystemCalls {
  const { capset, prctl } = numbers();
  const withPointers = library.func(`long ${name}(long n, void *a, void *b, long c, long d, long e, long f)`);
  const withNumbers = library.func(`long ${name}(long n, long a, long b, long c, long d, long e, long f)`);
  return {
    setCapabilities: (effective, permitted) => {
      const header = Buffer.alloc(8);
      header.writeUInt32LE(CAPABILITY_VERSION, 0);
      // struct __user_cap_data_struct twice, low and high 32 bits: effective, permitted, inheritable
      const data = Buffer.alloc(24);
      for (const half of [0, 1]) {
        const bits = (set: bigint) => Number((set >> BigInt(32 * half)) & 0xffff_ffffn);
        data.writeUInt32LE(bits(effective), 12 * half);
        data.writeUInt32LE(bits(permitted), 12 * half + 4);
      }
      check('capset', withPointers(capset, header, data, 0, 0, 0, 0));
    },
    setNoNewPrivileges: () => check('prctl', withNumbers(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)),
  };
}

function numbers(): (typeof NUMBERS)['x64' | 'arm64'] {
  return NUMBERS[process.arch === 'arm64' ? 'arm64' : 'x64'];
}

function check(call: string, result: number): void {
  if (result !== 0) throw new Error(`${call} failed with errno ${koffi.errno()}`);
}
