import { setTimeout as delay } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import { standardError } from '../standard-streams/standard-error.ts';
import { exit } from './end-process.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Service } from './service.ts';
import { ignoreStraySignals } from './signals.ts';
import { StopWatchdog } from './stop-watchdog/stop-watchdog.ts';
import { endInOrderAfterUncaughtError } from './uncaught.ts';

const log = diag.createComponentLogger({ namespace: 'cli' });

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/**
 * Ctrl-C reaches the whole foreground process group, and npm and sudo pass it on once more: signals this close
 * together are one request. Milliseconds.
 */
const ONE_KEYSTROKE_MILLIS = 500;

/** Longest time that a start may go on after a request to stop, ms; then it is abandoned. */
const START_MILLIS = 4_000;

/**
 * Runs a service: starts it, prints the line "ready", and stops it at a signal.
 *
 * @param onReady called after that line
 * @returns 0 after the flush, 1 when records are lost or after an uncaught error; a second signal ends the process with 130
 * instead
 */
export async function runUntilSignal(
  start: () => Promise<Service>,
  onReady?: () => Promise<void>,
): Promise<ExitCode> {
  ignoreStraySignals();
  const watchdog = watchStop();
  const orderlyEnd = endInOrderAfterUncaughtError();
  void orderlyEnd.reason.then(() => watchdog.stopRequested());
  // before the start, so that a signal during it leaves no programs in the kernel
  const stopping = stopRequest(watchdog);
  let running: Service | undefined;
  process.on('SIGHUP', () => {
    Promise.resolve()
      .then(() => running?.reload())
      .catch((error: unknown) => {
        log.error('failed to reload the exceptions, the old ones stay:', error);
      });
  });
  running = await Promise.race([
    start(),
    stopping.then(() => delay(START_MILLIS, undefined, { ref: false })),
  ]);
  if (running === undefined) {
    // nothing is lost: events that are not spooled yet are still in the ring buffer
    log.warn(`stopped by ${await stopping} before the start was done`);
    return EXIT.ok;
  }
  watchdog.started();
  const hooks = [...running.hooks].map(([capability, hook]) => `${capability}=${hook}`).join(' ');
  // independent of diagnostics.level: scripts wait for this line
  standardError.write(`${new Date().toISOString()} memwarden ready ${hooks}\n`);
  await onReady?.();
  log.info(`stopping: ${await Promise.race([stopping, orderlyEnd.reason])}`);
  return orderlyEnd.finish((await running.stop()) ? EXIT.ok : EXIT.failure);
}

function watchStop(): StopWatchdog {
  const watchdog = new StopWatchdog();
  watchdog.onError(error =>
    log.warn('failed to watch over the event loop and the stop, which may take longer than 8 s:', error),
  );
  return watchdog;
}

/** Resolves with the signal at the first request to stop; a second signal ends the process. */
function stopRequest(watchdog: StopWatchdog): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let firstMillis: number | undefined;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      watchdog.stopRequested();
      firstMillis ??= performance.now();
      if (performance.now() - firstMillis > ONE_KEYSTROKE_MILLIS) void exit(EXIT.interrupted);
      resolve(signal);
    });
  }
  return promise;
}
