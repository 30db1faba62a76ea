import type { CapturedEvent } from '../capture/event.ts';
import type { EnrichedEvent, ProcessDetails } from './event.ts';
import { createProcessFacts } from './process-facts.ts';
import { createProcfs } from './procfs.ts';
import { createTextResolver } from './text-resolver.ts';
import { createUserNames } from './user-names.ts';

export interface EnricherOptions {
  /** Wall clock minus CLOCK_BOOTTIME, ns; called again and again, since the wall clock may be set. */
  readonly bootToWallOffsetNs: () => bigint;
  /** Where procfs is mounted. Default: `/proc`. */
  readonly procRoot?: string;
  /**
   * Files in the format of passwd(5); the first readable one is used. Default: that in the root of pid 1, which is the
   * host's also in a container with the host's pid namespace, then /etc/passwd.
   */
  readonly passwdPaths?: readonly string[];
  /** Redact secrets in command lines. Default: true. */
  readonly redact?: boolean;
  /** Processes whose details are cached, least recently used first out. Default: 8192. */
  readonly processesMax?: number;
}

/** Adds the details that user space knows of actor and target to an event. */
export interface Enricher {
  /**
   * Undefined for a refused open, known only by its path text, that turns out not to be of a memory file. An event of a
   * recording is enriched already and returned unchanged. Never throws.
   */
  enrich(event: CapturedEvent | EnrichedEvent): EnrichedEvent | undefined;
}

const PROCESSES_MAX_DEFAULT = 8192;
const NS_PER_MILLI = 1_000_000n;
/** How long the difference of the clocks is cached, ms: reading it costs three system calls. */
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
      // Date.now() is rounded down to the millisecond, which may be before the event
      observedTimeUnixNs: nowUnixNs > timeUnixNs ? nowUnixNs : timeUnixNs,
      actorDetails,
      targetDetails,
      crossContainer:
        event.target === undefined ? undefined : actorDetails.containerId !== targetDetails.containerId,
    };
  }

  return { enrich };
}
