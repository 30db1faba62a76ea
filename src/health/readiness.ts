import { quoted } from '../printing/printable.ts';

/** Without a canary for this long, ms, a hook counts as dead. */
const CANARY_MAX_AGE_MILLIS = 30_000;

/** The answer of `/readyz`. */
export interface ReadinessReport {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly reasons: readonly string[];
  /** Seconds since the last canary of each capability arrived. */
  readonly canaryAgeSeconds: Readonly<Record<string, number>>;
  /** `ok` or why the collector takes no records. For information: the spool keeps them, so `ready` does not depend on it. */
  readonly collector: string;
}

/** Inputs of readiness besides the canaries. */
export interface ReadinessSources {
  /** Why the spool cannot be written; undefined while it can. */
  spoolProblem(): string | undefined;
  /** Why the event loop cannot be relied on; undefined while it can. */
  eventLoopProblem(): string | undefined;
  /** Why the collector does not take records; undefined while it does. */
  collectorProblem(): string | undefined;
}

/**
 * Whether events arrive. A hook that is attached may still deliver nothing (an LSM program on a kernel without `bpf` in
 * its list of LSMs). Only an event that has passed through the ring buffer proves that the hook works.
 */
export class Readiness {
  readonly #lastMillis: Map<string, number>;
  readonly #sources: ReadinessSources;
  readonly #now: () => number;

  /**
   * @param capabilities those with a hook; a canary has proven each of them at the start.
   * @param now monotonic time, ms.
   */
  constructor(
    capabilities: Iterable<string>,
    sources: ReadinessSources,
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#sources = sources;
    this.#lastMillis = new Map([...capabilities].map(capability => [capability, now()]));
  }

  /** A canary has arrived. */
  canaryArrived(capability: string): void {
    if (this.#lastMillis.has(capability)) this.#lastMillis.set(capability, this.#now());
  }

  /** Seconds since the last canary, by capability. */
  canaryAges(): Map<string, number> {
    const now = this.#now();
    return new Map([...this.#lastMillis].map(([name, millis]) => [name, (now - millis) / 1_000]));
  }

  report(): ReadinessReport {
    const ages = this.canaryAges();
    const reasons: string[] = [];
    if (ages.size === 0) reasons.push('no hook is attached');
    for (const [capability, seconds] of ages) {
      if (seconds * 1_000 <= CANARY_MAX_AGE_MILLIS) continue;
      reasons.push(`${capability}: no canary event came for ${Math.floor(seconds)} s`);
    }
    const spoolProblem = this.#sources.spoolProblem();
    if (spoolProblem !== undefined) reasons.push(spoolProblem);
    const eventLoopProblem = this.#sources.eventLoopProblem();
    if (eventLoopProblem !== undefined) reasons.push(eventLoopProblem);
    return {
      ready: reasons.length === 0,
      reasons: reasons.map(quoted),
      canaryAgeSeconds: Object.fromEntries(ages),
      collector: quoted(this.#sources.collectorProblem() ?? 'ok'),
    };
  }
}
