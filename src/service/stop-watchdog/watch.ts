/** What the watching thread is given. */
export interface WatchOptions {
  /** Grows as long as the event loop turns. */
  readonly beats: Int32Array<SharedArrayBuffer>;
  /** 1 once the event loop knows of a request to stop. */
  readonly stopRequested: Int32Array<SharedArrayBuffer>;
  /** The module src/native/libc.ts. */
  readonly libc: string;
  /** Exit status of a process that it ends. */
  readonly status: number;
}

/**
 * The thread of StopWatchdog: its text is run by itself, so it uses nothing from outside of it. It needs nothing of the main
 * thread, which may hang, and loads native code only when that does.
 */
export async function watch(): Promise<void> {
  const {
    constants: files,
    readdirSync,
    readFileSync,
    readlinkSync,
    write,
  } = process.getBuiltinModule('node:fs');
  const { SIGTERM, SIGINT } = process.getBuiltinModule('node:os').constants.signals;
  const { workerData } = process.getBuiltinModule('node:worker_threads');
  const { beats, stopRequested, libc, status }: WatchOptions = workerData;

  /** Longest time from a request to the end; Docker kills after ten seconds, and 8 s are promised. Milliseconds. */
  const stopMillis = 7_300;
  /** The same from the moment in which a request was found that the event loop does not take: up to 4 s after it came. */
  const unheardMillis = 3_000;
  const lastLineMillis = 200;
  const lookMillis = 1_000;
  /** Looks in a row that must find the event loop where it was. */
  const stuckLooks = 2;

  /** Nobody changes it: to wait for it is to sleep. */
  const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let lastBeats = -1;
  let stuck = 0;
  let foundAt: number | undefined;
  let requestedAt: number | undefined;
  for (;;) {
    const now = performance.now();
    if (Atomics.load(stopRequested, 0) === 1) requestedAt ??= foundAt ?? now;
    const end = requestedAt === undefined ? (foundAt ?? Infinity) + unheardMillis : requestedAt + stopMillis;
    if (now >= end) await endProcess();
    if (requestedAt !== undefined) Atomics.wait(never, 0, 0, Math.max(end - now, 1));
    else Atomics.wait(stopRequested, 0, 0, Math.min(lookMillis, Math.max(end - now, 1)));
    stuck = Atomics.load(beats, 0) === lastBeats ? stuck + 1 : 0;
    lastBeats = Atomics.load(beats, 0);
    if (stuck < stuckLooks) foundAt = requestedAt === undefined ? undefined : foundAt;
    else if (foundAt === undefined && (await isStopPending())) foundAt = performance.now();
  }

  /** Whether a request has come that the event loop, which hangs, does not know of. */
  async function isStopPending(): Promise<boolean> {
    // a signal that came while the main thread is in a system call that cannot be interrupted waits in the kernel
    const [, pending = '0'] = /^ShdPnd:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    const isSet = (signal: number) => ((BigInt(`0x${pending}`) >> BigInt(signal - 1)) & 1n) === 1n;
    if (isSet(SIGTERM) || isSet(SIGINT)) return true;
    // one that was taken waits in the pipe through which libuv hands signals to its event loop: 16 bytes each, the number
    // of the signal after a pointer (uv__signal_msg_t)
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

  /** Read ends of pipes, but for the standard streams. */
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

  async function endProcess(): Promise<void> {
    const { exitAtOnce } = await import(libc);
    const line = `${new Date().toISOString()} memwarden ends before all is done: the disk, the kernel or the network does not answer; what is not in the spool is lost\n`;
    const { promise, resolve } = Promise.withResolvers<void>();
    // the exit status says it too, so nothing waits for who reads this
    setTimeout(resolve, lastLineMillis);
    write(2, line, () => resolve());
    await promise;
    // exit(3) would wait for the threads that hang
    exitAtOnce(status);
  }
}
