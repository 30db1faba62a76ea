import type { CapturedEvent } from '../capture/event.ts';
import type { EnrichedEvent, ProcessDetails } from './event.ts';
import { createProcessFacts } from './process-facts.ts';
import { createProcfs } from './procfs.ts';
import { createTextResolver } from './text-resolver.ts';
import { createUserNames } from './user-names.ts';

export interface EnricherOptions {
  /** What added to a time on CLOCK_BOOTTIME gives the wall clock, ns; asked again and again, since the wall clock is set. */
  readonly bootToWallOffsetNs: () => bigint;
  /** Where procfs is mounted. Default: `/proc`. */
  readonly procRoot?: string;
  /**
   * Files in the format of passwd(5), the first readable one counts. Default: that of pid 1's root, which is the
   * host's also when we run in a container with the host's pid namespace, then our own.
   */
  readonly passwdPaths?: readonly string[];
  /** Replace what looks like a secret in command lines. Default: true. */
  readonly redact?: boolean;
  /** Processes whose details are remembered; the longest unused goes first. Default: 8192. */
  readonly processesMax?: number;
}

/** Adds to an event what user space knows of its two sides. */
export interface Enricher {
  /**
   * Undefined when a refused open, known by its text alone, proves to have been about no memory file. An event that
   * comes from a recording is enriched already and stays as it is. Never throws.
   */
  enrich(event: CapturedEvent | EnrichedEvent): EnrichedEvent | undefined;
}

const PROCESSES_MAX_DEFAULT = 8192;
const NS_PER_MILLI = 1_000_000n;
/** How long the difference of the clocks is taken as true, ms: asking costs three system calls. */
const OFFSET_FRESH_MILLIS = 10;
const NO_DETAILS: ProcessDetails = {};
const NO_ARGUMENTS: readonly string[] = [];

export function createEnricher(options: EnricherOptions): Enricher {
  const procfs = createProcfs(options.procRoot ?? '/proc');
  const facts = createProcessFacts({
    procfs,
    userNames: createUserNames(options.passwdPaths ?? [`${procfs.root}/1/root/etc/passwd`, '/etc/passwd']),
    redact: options.redact ?? true,
    processesMax: options.processesMax ?? PROCESSES_MAX_DEFAULT,
  });
  const resolver = createTextResolver(procfs);
  let offsetNs = 0n;
  let offsetAtMillis = Number.NEGATIVE_INFINITY;

  function bootToWallOffsetNs(nowMillis: number): bigint {
    if (nowMillis - offsetAtMillis >= OFFSET_FRESH_MILLIS) {
      offsetNs = options.bootToWallOffsetNs();
      offsetAtMillis = nowMillis;
    }
    return offsetNs;
  }

  function enrich(captured: CapturedEvent | EnrichedEvent): EnrichedEvent | undefined {
    if ('timeUnixNs' in captured) return captured;
    const event = captured.byText && captured.target === undefined ? resolver.resolve(captured) : captured;
    if (event === undefined) return undefined;
    const nowMillis = performance.now();
    const timeUnixNs = event.timeNs + bootToWallOffsetNs(nowMillis);
    const nowUnixNs = BigInt(Date.now()) * NS_PER_MILLI;
    const actorDetails = facts.detailsOf(event.actor, event.actor.arguments, nowMillis);
    const targetDetails =
      event.target === undefined
        ? NO_DETAILS
        : event.selfAccess
          ? actorDetails
          : facts.detailsOf(event.target, NO_ARGUMENTS, nowMillis);
    return {
      ...event,
      timeUnixNs,
      // Date.now() is cut to the millisecond, and nothing is read before it happens
      observedTimeUnixNs: nowUnixNs > timeUnixNs ? nowUnixNs : timeUnixNs,
      actorDetails,
      targetDetails,
      crossContainer:
        event.target === undefined ? undefined : actorDetails.containerId !== targetDetails.containerId,
    };
  }

  return { enrich };
}
