import type { Detection, Repeat } from '../detection.ts';
import { errnoName } from '../kernel-names/errno.ts';

export interface StormFilterOptions {
  /** How long identical detections are collected for a summary after the first, ms. 0: report each. Default: 10,000. */
  readonly windowMillis?: number;
  /** Most windows open at once; beyond it the oldest is closed early, with its summary. Default: 8192. */
  readonly detectionsMax?: number;
  /** Receives each first detection at once, and at the end of its window a summary of the identical ones that followed. */
  readonly emit: (detection: Detection) => void;
}

/** Protects the output from a storm of identical detections: reports the first, and then one summary per window. */
export interface StormFilter {
  offer(detection: Detection): void;
  /** Report the summaries of windows that have ended; must be called about once a second. */
  sweep(): void;
  /** Report all summaries now, so that no count is lost at the end. */
  flush(): void;
  /** Changes since the last call, by detection: a pending summary that has grown, or null for one that was reported. */
  takeChanges(): ReadonlyMap<string, Detection | null>;
  /** Detections that wait for a summary at this moment. */
  pending(): number;
}

const WINDOW_MILLIS_DEFAULT = 10_000;
const DETECTIONS_MAX_DEFAULT = 8192;

interface Window {
  readonly endMillis: number;
  /** The newest pending detection and the counts of all of them; undefined while there is none. */
  last: Detection | undefined;
  repeat: Repeat | undefined;
  bytes: bigint;
  /** takeChanges has returned its summary, so the checkpoint has it. */
  isSaved: boolean;
}

/** Detections are identical when signature, actor, target, method and outcome are: another record would add nothing. */
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

/** Adds a detection to a repeat. Events of different CPUs can arrive out of order. */
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

/** The bytes that a summary adds up: bytes read or written, but not the length of a memory area. */
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
  // In the order in which they were opened. All have the same length, so the first is the first to end.
  const windows = new Map<string, Window>();
  const grown = new Set<string>();
  let closed = new Map<string, null>();

  function close(key: string, window: Window): void {
    windows.delete(key);
    grown.delete(key);
    if (window.isSaved) closed.set(key, null);
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
      window.isSaved = true;
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
    // the kernel reports its repeats once a window; to collect them here again would risk their loss with this process
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
      isSaved: false,
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
