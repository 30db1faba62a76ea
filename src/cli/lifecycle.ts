import { diag } from '@opentelemetry/api';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { ignoreStraySignals } from './signals.ts';
import { endInOrderAfterUncaughtError } from './uncaught.ts';

const log = diag.createComponentLogger({ namespace: 'cli' });

/** A started pipeline, as far as signals concern it. */
export interface Running {
  /** Hook per capability, for example `file_open` → `lsm`. */
  readonly hooks: ReadonlyMap<string, string>;
  /** Reads the exceptions again; without effect on what is captured. */
  reload(): void | Promise<void>;
  /** Ends the capture and flushes. */
  stop(): Promise<void>;
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/**
 * Ctrl-C reaches the whole foreground process group, and npm and sudo pass it on once more: signals this close
 * together are one request. Milliseconds.
 */
const ONE_KEYSTROKE_MILLIS = 500;

/**
 * Starts, says that it is ready, and stops when a signal says so or when the reader of stdout has gone.
 *
 * @param onReady called once it has said so
 * @returns 0 after the flush, 1 after an error that nobody caught; a second signal ends the process with 130 instead
 */
export async function runUntilSignal(
  start: () => Promise<Running>,
  onReady?: () => Promise<void>,
): Promise<ExitCode> {
  ignoreStraySignals();
  const orderlyEnd = endInOrderAfterUncaughtError();
  // before the start: a signal during it must not leave programs in the kernel behind
  const stopping = stopRequest();
  let running: Running | undefined;
  process.on('SIGHUP', () => {
    Promise.resolve()
      .then(() => running?.reload())
      .catch((error: unknown) => {
        log.error('failed to reload the exceptions, the old ones stay:', error);
      });
  });
  running = await start();
  const hooks = [...running.hooks].map(([capability, hook]) => `${capability}=${hook}`).join(' ');
  // not a diagnostic that a level could silence: scripts wait for this line
  process.stderr.write(`${new Date().toISOString()} memwarden ready ${hooks}\n`);
  await onReady?.();
  log.info(`stopping: ${await Promise.race([stopping, orderlyEnd.reason])}`);
  await running.stop();
  return orderlyEnd.finish(EXIT.ok);
}

/** Resolves with the reason at the first request to stop; ends the process at the second signal. */
function stopRequest(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let firstMillis: number | undefined;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      firstMillis ??= performance.now();
      if (performance.now() - firstMillis > ONE_KEYSTROKE_MILLIS) process.exit(EXIT.interrupted);
      resolve(signal);
    });
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    resolve('the reader of stdout has gone');
  });
  return promise;
}
