import { setTimeout as delay } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import type { HookName } from '../capture/index.ts';
import type { Health } from '../health/start-health.ts';
import { stopAfterFailure } from './capture-failure.ts';
import type { Service } from './service.ts';
import type { Stages } from './stages.ts';

const log = diag.createComponentLogger({ namespace: 'pipeline' });

/**
 * Longest time that the stop may take, ms. Docker kills after 10 s, so 8 s are promised (StopWatchdog); the difference is
 * for a slow machine.
 */
const SHUTDOWN_MILLIS = 5_000;
/** Part of it in which the last round of the capture may wait for a full disk or for the reader of stdout, ms. */
const PERSIST_MILLIS = 3_000;
/** Part of it for the last metrics: records must not wait for these, ms. */
const LAST_METRICS_MILLIS = 500;
/** Time between two collections of the storm filter's due summaries, ms. */
const SWEEP_MILLIS = 1_000;

/** The stages while they run: starts the capture, sweeps summaries, and stops in order. */
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
        // in the last round with losses: those of pinned programs after it are reported by the next process
        return this.#isStopping ? this.#stages.persistWithLosses(round) : this.#stages.persist(round);
      },
    });
    capture.ended.catch((error: unknown) => {
      // during a stop, `capture.stop()` rejects with it
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
    // the metrics are collected at once, but their receiver may never answer
    if (this.#health !== undefined) await within(LAST_METRICS_MILLIS, this.#health.stop());
    // after this, the last round no longer waits for a full disk or for the reader of stdout
    const deadline = setTimeout(() => telemetry.stopWaiting(), PERSIST_MILLIS);
    try {
      await within(end - performance.now(), capture.stop());
    } finally {
      clearTimeout(deadline);
      // also after a failure of the capture: the events before it are reported
      detection.flush();
      telemetry.saveCheckpoint?.(detection.takeChanges(), true);
      await telemetry.shutdown(Math.max(end - performance.now(), 0));
    }
    return telemetry.lost() === 0;
  }

  #sweepOnce(): void {
    // while the spool cannot be written, more summaries would only accumulate in memory
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

/** Waits for `work`, but no longer than that; it is not cancelled. */
async function within(millis: number, work: Promise<void>): Promise<void> {
  await Promise.race([work, delay(Math.max(millis, 0), undefined, { ref: false })]);
}
