import { setTimeout as delay } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import type { HookName } from '../capture/index.ts';
import type { Health } from '../health/start-health.ts';
import { stopAfterFailure } from './capture-failure.ts';
import type { Service } from './service.ts';
import type { Stages } from './stages.ts';

const log = diag.createComponentLogger({ namespace: 'pipeline' });

/**
 * Longest time that the end may take, ms. Docker kills after ten seconds, so 8 s are promised (StopWatchdog), of which this
 * leaves some for a slow machine.
 */
const SHUTDOWN_MILLIS = 5_000;
/** Within that, what the last reading of the kernel's buffer waits for a disk or a reader that takes nothing, ms. */
const PERSIST_MILLIS = 3_000;
/** The same for the last metrics, which the records must not wait for. */
const LAST_METRICS_MILLIS = 500;
/** How often the storm filter is asked for summaries that are due, ms. */
const SWEEP_MILLIS = 1_000;

/** The connected stages from their start to their end. */
export class RunningService implements Service {
  readonly #stages: Stages;
  readonly #health: Health | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #isSweeping = false;
  #isStopping = false;

  constructor(stages: Stages, health: Health | undefined) {
    this.#stages = stages;
    this.#health = health;
  }

  get hooks(): ReadonlyMap<string, HookName> {
    return this.#stages.capture.hooks;
  }

  start(): void {
    const { capture, losses } = this.#stages;
    capture.start({
      onEvent: (event, origin) => {
        this.#stages.pass(event, origin);
        if (origin === 'own') this.#health?.canaryArrived(event);
      },
      onRound: round => {
        if (round.drained) losses.drained();
        // the last one: what pinned programs lose after it is for the next process to report
        return this.#isStopping ? this.#stages.persistWithLosses(round) : this.#stages.persist(round);
      },
    });
    capture.ended.catch((error: unknown) => {
      // what fails at the end is reported by `stop`
      if (!this.#isStopping) stopAfterFailure(error);
    });
    this.#sweep = setInterval(() => this.#sweepOnce(), SWEEP_MILLIS);
  }

  reload(): void {
    this.#stages.detection.reload();
  }

  async stop(): Promise<boolean> {
    const { capture, detection, telemetry } = this.#stages;
    clearInterval(this.#sweep);
    this.#isStopping = true;
    const end = performance.now() + SHUTDOWN_MILLIS;
    // the numbers are read at once; what they are sent to may never answer
    if (this.#health !== undefined) await within(LAST_METRICS_MILLIS, this.#health.stop());
    // the last round waits for a full disk, or for who reads stdout, no longer than this
    const deadline = setTimeout(() => telemetry.hurry(), PERSIST_MILLIS);
    try {
      await within(end - performance.now(), capture.stop());
    } finally {
      clearTimeout(deadline);
      // also when the capture failed: what it had seen until then is reported
      detection.flush();
      telemetry.saveCheckpoint?.(detection.takeChanges(), true);
      await telemetry.shutdown(Math.max(end - performance.now(), 0));
    }
    return telemetry.lost() === 0;
  }

  #sweepOnce(): void {
    // while the spool cannot be written, what is reported would only pile up in memory
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    this.#stages.detection.sweep();
    this.#stages
      .persistWithLosses()
      .catch((error: unknown) => log.error('failed to persist summaries', error))
      .finally(() => {
        this.#isSweeping = false;
      });
  }
}

/** Goes on after that time at the latest; what is not done by then is left alone. */
async function within(millis: number, work: Promise<void>): Promise<void> {
  await Promise.race([work, delay(Math.max(millis, 0), undefined, { ref: false })]);
}
