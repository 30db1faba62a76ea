import type { createHangMeter } from '../event-loop/hang-meter.ts';

/** `workerData` of the watchdog's thread. */
export interface WatchOptions {
  /** Incremented by the event loop, unless it is blocked. */
  readonly beats: Int32Array<SharedArrayBuffer>;
  /** Longest time that the event loop may hang, ms. */
  readonly hangMillis: Int32Array<SharedArrayBuffer>;
  /** 1 once the event loop has received a request to stop. */
  readonly stopRequested: Int32Array<SharedArrayBuffer>;
  /** URL of the module src/native/libc.ts. */
  readonly libc: string;
  /** Exit status when the watchdog ends the process because a stop takes too long, and because the event loop hangs. */
  readonly lateStatus: number;
  readonly hungStatus: number;
}

/**
 * The thread of StopWatchdog. Its text is evaluated, so it can refer to nothing outside of itself. It needs nothing of the
 * main thread, which may hang, and loads native code only when that is the case.
 */
export async function watch(meterOf: typeof createHangMeter): Promise<void> {
  const {
    constants: files,
    readdirSync,
    readFileSync,
    readlinkSync,
    write,
  } = process.getBuiltinModule('node:fs');
  const { SIGTERM, SIGINT } = process.getBuiltinModule('node:os').constants.signals;
  const { workerData } = process.getBuiltinModule('node:worker_threads');
  const { beats, hangMillis, stopRequested, libc, lateStatus, hungStatus }: WatchOptions = workerData;

  /** Longest time from a request to the end, ms. Docker kills after 10 s, and 8 s are promised. */
  const stopMillis = 7_300;
  /**
   * The same from when this thread finds a request that the blocked event loop has not received: up to 4 s after it came.
   */
  const unheardMillis = 3_000;
  const lastLineMillis = 200;
  const lookMillis = 1_000;
  /** Looks in a row at which the event loop has made no progress; then it counts as blocked. */
  const stuckLooks = 2;

  /** Never notified: waiting for it is sleeping. */
  const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const hungMillis = meterOf(lookMillis);
  let lastBeats = -1;
  let stuck = 0;
  let foundAt: number | undefined;
  let requestedAt: number | undefined;
  for (;;) {
    const now = performance.now();
    if (Atomics.load(stopRequested, 0) === 1) requestedAt ??= foundAt ?? now;
    const end = requestedAt === undefined ? (foundAt ?? Infinity) + unheardMillis : requestedAt + stopMillis;
    if (now >= end)
      await endProcess(
        lateStatus,
        'before the flush is done: the disk, the kernel or the network does not answer; records that are not in the spool are lost',
      );
    if (requestedAt !== undefined) Atomics.wait(never, 0, 0, Math.max(end - now, 1));
    else Atomics.wait(stopRequested, 0, 0, Math.min(lookMillis, Math.max(end - now, 1)));
    stuck = Atomics.load(beats, 0) === lastBeats ? stuck + 1 : 0;
    lastBeats = Atomics.load(beats, 0);
    const hung = hungMillis(stuck === 0 ? undefined : lookAtLoop());
    if (requestedAt === undefined && hung >= Atomics.load(hangMillis, 0))
      await endProcess(
        hungStatus,
        `because its event loop hangs for ${Math.round(hung / 1_000)} s and sees nothing; start it again, it reads on`,
      );
    if (stuck < stuckLooks) foundAt = requestedAt === undefined ? undefined : foundAt;
    else if (foundAt === undefined && (await isStopPending())) foundAt = performance.now();
  }

  /** What procfs says of the event loop's thread, whose id is that of the process. */
  function lookAtLoop() {
    const nowMillis = performance.now();
    try {
      const task = `/proc/self/task/${readlinkSync('/proc/self')}`;
      const stat = readFileSync(`${task}/stat`, 'utf8');
      // ns on a CPU, ns that it waited for one; needs CONFIG_SCHED_INFO, which every distribution has
      const [cpu = 0, waited = 0] = readFileSync(`${task}/schedstat`, 'utf8').split(' ').map(Number);
      const state = stat.charAt(stat.lastIndexOf(')') + 2);
      return { nowMillis, state, cpuMillis: cpu / 1e6, waitedMillis: waited / 1e6 };
    } catch {
      // what cannot be distinguished from a thread that waits for a CPU does not end the process
      return { nowMillis, state: 'T', cpuMillis: 0, waitedMillis: 0 };
    }
  }

  /** Whether there is a request that the blocked event loop has not received. */
  async function isStopPending(): Promise<boolean> {
    // while the main thread is in an uninterruptible system call, a signal is pending in the kernel
    const [, pending = '0'] = /^ShdPnd:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    const isSet = (signal: number) => ((BigInt(`0x${pending}`) >> BigInt(signal - 1)) & 1n) === 1n;
    if (isSet(SIGTERM) || isSet(SIGINT)) return true;
    // one that was delivered is in the pipe between libuv's handler and its event loop: messages of 16 bytes, a pointer and
    // the number of the signal (uv__signal_msg_t)
    const { peekPipe } = await import(libc);
    return readPipes().some(fd => {
      const messages: Buffer = peekPipe(fd);
      if (messages.length % 16 !== 0) return false;
      for (let at = 8; at < messages.length; at += 16) {
        if ([SIGTERM, SIGINT].includes(messages.readInt32LE(at))) return true;
      }
      return false;
    });
  }

  /** Read ends of pipes, without the standard streams. */
  function readPipes(): number[] {
    return readdirSync('/proc/self/fd')
      .map(Number)
      .filter(fd => {
        try {
          if (fd <= 2 || !readlinkSync(`/proc/self/fd/${fd}`).startsWith('pipe:')) return false;
          const flags =
            /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '1';
          return (Number.parseInt(flags, 8) & 3) === files.O_RDONLY;
        } catch {
          return false; // closed meanwhile, like the folder that is being read here
        }
      });
  }

  async function endProcess(status: number, why: string): Promise<void> {
    const { exitAtOnce } = await import(libc);
    const line = `${new Date().toISOString()} memwarden ends ${why}\n`;
    const { promise, resolve } = Promise.withResolvers<void>();
    // does not wait for a reader of this line: the exit status says the same
    setTimeout(resolve, lastLineMillis);
    write(2, line, () => resolve());
    await promise;
    // exit(3) would wait for the threads that hang
    exitAtOnce(status);
  }
}
