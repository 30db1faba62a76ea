import type { Detection, Repeat } from '../detection.ts';
import { errnoName } from '../kernel-names/errno.ts';

export interface StormFilterOptions {
  /** How long identical detections are pending back after the first, ms. 0 holds nothing back. Default: 10,000. */
  readonly windowMillis?: number;
  /** Different detections that are followed at once; beyond it the oldest is summed up early. Default: 8192. */
  readonly detectionsMax?: number;
  /** Receives every first detection at once, and a summary of those that followed when its window is over. */
  readonly emit: (detection: Detection) => void;
}

/** Keeps a storm of identical detections from drowning the rest: tells the first, then how many followed. */
export interface StormFilter {
  offer(detection: Detection): void;
  /** Tell the summaries of windows that are over: to be called about once a second. */
  sweep(): void;
  /** Tell all summaries now, so that no count is lost at the end. */
  flush(): void;
  /** By detection: the summaries that are pending back and have grown since the last call, or null once they were told. */
  takeChanges(): ReadonlyMap<string, Detection | null>;
  /** Detections that are pending back for a summary at this moment. */
  pending(): number;
}

const WINDOW_MILLIS_DEFAULT = 10_000;
const DETECTIONS_MAX_DEFAULT = 8192;

interface Window {
  readonly endMillis: number;
  /** The newest of those pending back, and what they add up to; undefined while there is none. */
  last: Detection | undefined;
  repeat: Repeat | undefined;
  bytes: bigint;
  /** takeChanges has given it. */
  given: boolean;
}

/** Same signature, program on both sides, method and outcome: another record would tell nothing new. */
function keyOf({ definition, match, event }: Detection): string {
  const { actor, target, result } = event;
  const about =
    target === undefined
      ? `${String(match.data['pathname'])} ${String(match.data['alert'])}`
      : `${target.tgid} ${target.startTimeNs}`;
  return [
    definition.eventName,
    actor.tgid,
    actor.startTimeNs,
    actor.executablePath,
    about,
    match.method,
    result === undefined ? '?' : errnoName(result),
  ].join('|');
}

/** One more detection at this time. Those of different cpus may come out of order. */
function oneMore(repeat: Repeat | undefined, timeUnixNs: bigint): Repeat {
  const { count, firstUnixNs, lastUnixNs } = repeat ?? {
    count: 0,
    firstUnixNs: timeUnixNs,
    lastUnixNs: timeUnixNs,
  };
  return {
    count: count + 1,
    firstUnixNs: timeUnixNs < firstUnixNs ? timeUnixNs : firstUnixNs,
    lastUnixNs: timeUnixNs > lastUnixNs ? timeUnixNs : lastUnixNs,
  };
}

/** Bytes that moved add up over detections; the length of a memory area does not. */
function movedBytes({ match, event }: Detection): bigint {
  return match.mode === undefined || match.mode === 'attach' ? 0n : event.sizeBytes;
}

function summaryOf({ last, repeat, bytes }: Window): Detection | undefined {
  if (last === undefined || repeat === undefined) return undefined;
  const event = bytes === 0n ? last.event : { ...last.event, sizeBytes: bytes };
  return { ...last, event, repeat };
}

export function createStormFilter(options: StormFilterOptions): StormFilter {
  const { emit } = options;
  const windowMillis = options.windowMillis ?? WINDOW_MILLIS_DEFAULT;
  const detectionsMax = options.detectionsMax ?? DETECTIONS_MAX_DEFAULT;
  // In the order in which they were opened, and all are equally long: the first is the first to end.
  const windows = new Map<string, Window>();
  const grown = new Set<string>();
  let closed = new Map<string, null>();

  function close(key: string, window: Window): void {
    windows.delete(key);
    grown.delete(key);
    if (window.given) closed.set(key, null);
    const summary = summaryOf(window);
    if (summary !== undefined) emit(summary);
  }

  function takeChanges(): ReadonlyMap<string, Detection | null> {
    const changes = new Map<string, Detection | null>(closed);
    closed = new Map();
    for (const key of grown) {
      const window = windows.get(key);
      const summary = window && summaryOf(window);
      if (summary === undefined || window === undefined) continue;
      window.given = true;
      changes.set(key, summary);
    }
    grown.clear();
    return changes;
  }

  function closeUntil(nowMillis: number): void {
    for (const [key, window] of windows) {
      if (window.endMillis > nowMillis) return;
      close(key, window);
    }
  }

  function offer(detection: Detection): void {
    // what the kernel has summed up comes once a window: pending back, it would be lost with this process
    if (windowMillis === 0 || detection.repeat !== undefined) {
      emit(detection);
      return;
    }
    const nowMillis = performance.now();
    closeUntil(nowMillis);
    const key = keyOf(detection);
    const window = windows.get(key);
    if (window !== undefined) {
      window.last = detection;
      window.repeat = oneMore(window.repeat, detection.event.timeUnixNs);
      window.bytes += movedBytes(detection);
      grown.add(key);
      return;
    }
    emit(detection);
    windows.set(key, {
      endMillis: nowMillis + windowMillis,
      last: undefined,
      repeat: undefined,
      bytes: 0n,
      given: false,
    });
    const [oldest] = windows;
    if (windows.size > detectionsMax && oldest !== undefined) close(...oldest);
  }

  return {
    offer,
    sweep: () => closeUntil(performance.now()),
    flush: () => closeUntil(Number.POSITIVE_INFINITY),
    takeChanges,
    pending: () => windows.values().reduce((sum, { repeat }) => sum + (repeat?.count ?? 0), 0),
  };
}
