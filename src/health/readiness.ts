import { quoted } from '../printing/printable.ts';

/** A canary that has not come for this long means that its hook is dead, ms. */
const CANARY_MAX_AGE_MILLIS = 30_000;

/** What `/readyz` answers. */
export interface ReadinessReport {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly reasons: readonly string[];
  /** Seconds since the last canary of each capability came through. */
  readonly canaryAgeSeconds: Readonly<Record<string, number>>;
  /** Told, not required: records are kept while the collector is away. */
  readonly collector: string;
}

/** What readiness depends on beside the canaries. */
export interface ReadinessSources {
  /** Why the spool cannot be written; undefined while it can. */
  spoolProblem(): string | undefined;
  /** Why the collector does not take records; undefined while it does. */
  collectorProblem(): string | undefined;
}

/**
 * Whether events flow. A hook that is attached may still deliver nothing (an LSM program on a kernel without `bpf` in
 * its list), so only an event that made the whole way proves it.
 */
export class Readiness {
  readonly #lastMillis: Map<string, number>;
  readonly #sources: ReadinessSources;
  readonly #now: () => number;

  /**
   * @param capabilities those that have a hook; each was proven alive at the start.
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

  /** A canary has come through. */
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
    return {
      ready: reasons.length === 0,
      reasons: reasons.map(quoted),
      canaryAgeSeconds: Object.fromEntries(ages),
      collector: quoted(this.#sources.collectorProblem() ?? 'ok'),
    };
  }
}
