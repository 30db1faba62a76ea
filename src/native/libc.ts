import { readSync } from 'node:fs';
import koffi from 'koffi';

/** The few libc calls that Node does not offer: mapped memory, epoll, eventfd, mounts and the boot clock. */

const libc = koffi.load('libc.so.6');

const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const EPOLL_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
/** include/linux/splice.h */
const SPLICE_F_NONBLOCK = 2;
const EFD_CLOEXEC = 0o2000000;
/** The same on every architecture: include/uapi/asm-generic/unistd.h. */
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
/** LOCK_EX | LOCK_NB */
const LOCK_EXCLUSIVE_AT_ONCE = 2 | 4;
/** include/uapi/linux/mount.h */
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
/** include/linux/fs.h */
const UMOUNT_NOFOLLOW = 8;
/** malloc.h of the C library. */
const M_MMAP_THRESHOLD = -3;
const LARGE_AREA_BYTES = 128 * 1024;
/** include/uapi/asm-generic/mman-common.h */
const MADV_DONTNEED = 4;
const CLOCK_REALTIME = 0;
const CLOCK_BOOTTIME = 7;

const mmap = libc.func('void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)');
const munmap = libc.func('int munmap(void *addr, size_t length)');
const epollCreate = libc.func('int epoll_create1(int flags)');
const epollControl = libc.func('int epoll_ctl(int epfd, int op, int fd, void *event)');
const epollWaitCall = libc.func('int epoll_wait(int epfd, _Out_ uint8_t *events, int max, int timeout)');
const eventfdCall = libc.func('int eventfd(unsigned int initial, int flags)');
const writeCall = libc.func('int64_t write(int fd, void *bytes, size_t count)');
const flockCall = libc.func('int flock(int fd, int operation)');
const mountCall = libc.func(
  'int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)',
);
const umountCall = libc.func('int umount2(const char *target, int flags)');
const closeCall = libc.func('int close(int fd)');
const signal = libc.func('uint64_t signal(int number, uint64_t handler)');
const mprotect = libc.func('int mprotect(void *addr, size_t length, int prot)');
const processVmReadv = libc.func(
  'int64_t process_vm_readv(int pid, void *local, ulong local_count, void *remote, ulong remote_count, ulong flags)',
);
const systemCall = libc.func('int64_t syscall(long number, long first, long second, long third)');
const madvise = libc.func('int madvise(uint64_t addr, size_t length, int advice)');
const mallocTrim = libc.func('int malloc_trim(size_t keep)');
const mallocOption = libc.func('int mallopt(int option, int value)');
const pipeCall = libc.func('int pipe2(_Out_ int *fds, int flags)');
const teeCall = libc.func('int64_t tee(int from, int to, size_t count, unsigned int flags)');
const exitCall = libc.func('void _exit(int status)');
const clockGettime = libc.func('int clock_gettime(int clock, _Out_ int64_t *time)');

/** bits/signum-generic.h: the disposition `ignore`, in place of a handler. */
const SIG_IGN = 1n;

export const PAGE_BYTES: number = Number(libc.func('long sysconf(int name)')(30));

/** Mapped memory of a file descriptor. Accessing the buffer after `unmap` is a segmentation fault. */
export interface Mapping {
  readonly buffer: ArrayBuffer;
  unmap(): void;
}

/** mmap(2), shared. @throws Error with the errno when the kernel refuses. */
export function mapShared(fd: number, lengthBytes: number, offsetBytes: number, writable: boolean): Mapping {
  const address = mmap(
    null,
    lengthBytes,
    PROT_READ | (writable ? PROT_WRITE : 0),
    MAP_SHARED,
    fd,
    offsetBytes,
  );
  if (address === MAP_FAILED) throw systemError('mmap');
  return { buffer: koffi.view(address, lengthBytes), unmap: () => void munmap(address, lengthBytes) };
}

/** An eventfd(2) that makes a waiting thread return. */
export class WakeUp {
  readonly fd: number = checked('eventfd', eventfdCall(0, EFD_CLOEXEC));

  fire(): void {
    const one = Buffer.alloc(8);
    one.writeBigUInt64LE(1n);
    checked('write', Number(writeCall(this.fd, one, one.length)));
  }

  close(): void {
    closeCall(this.fd);
  }
}

/** Waits for any of some descriptors on a thread of libuv's pool, so that the event loop is never blocked. */
export class Poller {
  readonly #epoll: number;
  readonly #events = Buffer.alloc(12 * 4);

  constructor(fds: readonly number[]) {
    this.#epoll = checked('epoll_create1', epollCreate(EPOLL_CLOEXEC));
    for (const fd of fds) {
      // struct epoll_event is packed on x86-64 only; `events` is at offset 0 in both layouts, and the data is not used
      const event = Buffer.alloc(16);
      event.writeUInt32LE(EPOLLIN, 0);
      checked('epoll_ctl', epollControl(this.#epoll, EPOLL_CTL_ADD, fd, event));
    }
  }

  /** Resolves when a descriptor is readable or after `timeoutMillis`. */
  wait(timeoutMillis: number): Promise<void> {
    return new Promise((resolve, reject) => {
      // the result is ignored: after EINTR (SIGSTOP and SIGCONT) the caller reads the ring buffer as after any wake-up
      epollWaitCall.async(this.#epoll, this.#events, 1, timeoutMillis, (error: Error | null) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  close(): void {
    closeCall(this.#epoll);
  }
}

/**
 * flock(2): makes this process the owner of an open file or directory until the descriptor is closed or the process ends.
 * @returns false when another process is the owner
 */
export function lock(fd: number): boolean {
  if (flockCall(fd, LOCK_EXCLUSIVE_AT_ONCE) === 0) return true;
  if (koffi.errno() === koffi.os.errno['EWOULDBLOCK']) return false;
  throw systemError('flock');
}

export interface MountRequest {
  /** Name of the mount in /proc/self/mountinfo. */
  readonly source: string;
  readonly target: string;
  /** File system type, for example `bpf`. */
  readonly type: string;
  readonly data: string;
}

/** mount(2) with nosuid, nodev and noexec. @throws Error with the errno when the kernel refuses */
export function mountFileSystem({ source, target, type, data }: MountRequest): void {
  checked('mount', mountCall(source, target, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, data));
}

/** umount2(2), which fails while a process uses the file system. @throws Error with the errno */
export function unmount(mountPoint: string): void {
  checked('umount', umountCall(mountPoint, UMOUNT_NOFOLLOW));
}

/** signal(2) with SIG_IGN: the kernel discards the signal. */
export function ignoreSignal(number: number): void {
  signal(number, SIG_IGN);
}

/** close(2) of a descriptor that a library opened. */
export function closeDescriptor(fd: number): void {
  closeCall(fd);
}

/** A thread that is preempted between two clock readings is off by half of that time, so the narrowest reading is used. */
const OFFSET_READINGS = 5;
const OFFSET_ENOUGH_NS = 1_000_000n;

/** Wall clock minus boot clock, ns: added to a kernel time stamp it gives a date. It changes when the wall clock is set. */
export function bootToWallOffsetNs(): bigint {
  let offsetNs = 0n;
  let narrowestNs: bigint | undefined;
  for (let reading = 0; reading < OFFSET_READINGS; reading++) {
    const before = clockNs(CLOCK_BOOTTIME);
    const wall = clockNs(CLOCK_REALTIME);
    const after = clockNs(CLOCK_BOOTTIME);
    const widthNs = after - before;
    if (narrowestNs !== undefined && widthNs >= narrowestNs) continue;
    narrowestNs = widthNs;
    offsetNs = wall - (before + after) / 2n;
    if (widthNs <= OFFSET_ENOUGH_NS) break;
  }
  return offsetNs;
}

/** CLOCK_BOOTTIME now, ns: the clock of the kernel's time stamps. */
export function bootTimeNs(): bigint {
  return clockNs(CLOCK_BOOTTIME);
}

/** process_vm_readv(2) of zero bytes of this process: a harmless canary. */
export function processVmReadNothing(): void {
  processVmReadv(process.pid, null, 0, null, 0, 0);
}

/** pidfd_getfd(2) on this process: a canary that receives a descriptor, as if from another process, and closes it. */
export function duplicateOwnDescriptor(fd: number): void {
  const pidfd = Number(systemCall(SYS_PIDFD_OPEN, process.pid, 0, 0));
  if (pidfd < 0) return;
  const copy = Number(systemCall(SYS_PIDFD_GETFD, pidfd, fd, 0));
  if (copy >= 0) closeCall(copy);
  closeCall(pidfd);
}

/** Maps a page writable, makes it executable and unmaps it: a canary for the W^X rules. */
export function makeMemoryExecutable(): void {
  const page = mmap(null, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page === MAP_FAILED) throw systemError('mmap');
  // a hardened kernel may refuse; the attempt is recorded as well
  mprotect(page, PAGE_BYTES, PROT_READ | PROT_EXEC);
  munmap(page, PAGE_BYTES);
}

/**
 * Makes malloc(3) return areas of 128 KiB and more to the kernel as soon as they are freed. Its default threshold grows,
 * up to 32 MiB, with the large areas that are freed (M_MMAP_THRESHOLD), and batches of records would stay resident.
 */
export function returnLargeAreas(): void {
  mallocOption(M_MMAP_THRESHOLD, LARGE_AREA_BYTES);
}

/** Returns memory that native code has freed to the kernel: libbpf's copies of the kernel's types are tens of megabytes. */
export function returnFreedMemory(): void {
  mallocTrim(0);
}

/**
 * madvise(2) MADV_DONTNEED: unmaps pages. In a file mapping that was never written nothing is lost: the next access maps
 * the page of the file again. In any other mapping the content is lost.
 * @throws Error with the errno, for example where pages are locked
 */
export function forgetPages(start: bigint, lengthBytes: number): void {
  checked('madvise', madvise(start, lengthBytes, MADV_DONTNEED));
}

/** The bytes in a pipe, without consuming them; see tee(2). */
export function peekPipe(fd: number): Buffer {
  const ends = new Int32Array(2);
  checked('pipe2', pipeCall(ends, O_NONBLOCK | O_CLOEXEC));
  const [from = -1, to = -1] = ends;
  try {
    const bytes = Number(teeCall(fd, to, PAGE_BYTES, SPLICE_F_NONBLOCK));
    const copy = Buffer.alloc(Math.max(bytes, 0));
    if (copy.length > 0) readSync(from, copy);
    return copy;
  } finally {
    closeCall(from);
    closeCall(to);
  }
}

/** _exit(2): ends the process at once, without waiting for its threads and without running exit handlers. */
export function exitAtOnce(status: number): void {
  exitCall(status);
}

function clockNs(clock: number): bigint {
  const time = new BigInt64Array(2);
  checked('clock_gettime', clockGettime(clock, time));
  return (time[0] ?? 0n) * 1_000_000_000n + (time[1] ?? 0n);
}

function checked(call: string, result: number): number {
  if (result < 0) throw systemError(call);
  return result;
}

function systemError(call: string): Error {
  const code = koffi.errno();
  const name = Object.entries(koffi.os.errno).find(([, number]) => number === code)?.[0] ?? `errno ${code}`;
  return Object.assign(new Error(`${call}: ${name}`), { code: name });
}
