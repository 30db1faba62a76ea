import { diag } from '@opentelemetry/api';
import type { CapturedEvent } from '../capture/index.ts';
import type { Checkpoint, CheckpointChanges } from '../checkpoint.ts';
import type { Settings } from '../config/index.ts';
import { createEnricher, type Enricher } from '../enrich/enricher.ts';
import type { Detection } from './detection.ts';
import { createEngine, type Engine } from './engine.ts';
import { loadExceptions, SHIPPED_EXCEPTIONS } from './exceptions/exceptions.ts';
import { createStormFilter } from './folding/storm.ts';
import { decodeSummary, encodeSummary } from './folding/summary-codec.ts';
import { SIGNATURES } from './signatures/index.ts';

const log = diag.createComponentLogger({ namespace: 'detect' });

const ENTRY = 'held/';

/**
 * What became of the events and of what the signatures found in them. An event that the kernel only counted as a
 * repetition is an event like any other.
 */
export interface DetectionStageCounts {
  /** Each event is in one of the three. */
  readonly events: {
    /** No signature was about it, or it was the sidecar's own proof that a hook is alive. */
    readonly filtered: number;
    /** All that was found in it was dropped by rules of the exceptions. */
    readonly excepted: number;
    /** It is told: by a record, or by the count of a summary. */
    readonly detected: number;
  };
  /** An event can be several: found = excepted + told + summarized + pending. */
  readonly detections: {
    readonly found: number;
    readonly excepted: number;
    /** By a record of its own. */
    readonly reported: number;
    /** By the count of a summary. */
    readonly summarized: number;
    /** Held back for a summary at this moment. */
    readonly pending: number;
  };
  /** Summaries that were made; detections told and summaries are the records of detections. */
  readonly summaries: number;
  /** Detections that a rule of the exceptions dropped or lowered, by its name. */
  readonly exceptions: ReadonlyMap<string, number>;
}

/** The middle of the pipeline, from a captured event to the detections that are told. */
export interface DetectionStage {
  readonly engine: Engine;
  readonly enricher: Enricher;
  accept(event: CapturedEvent): void;
  /** Counts an event that is not to be judged: the sidecar's own. */
  ignore(event: CapturedEvent): void;
  /** Tells the summaries whose time has come; to be called about once a second. */
  sweep(): void;
  /** Tells all summaries now. */
  flush(): void;
  /** What is pending back and must be known after a restart, as far as it changed since the last call. */
  takeChanges(): CheckpointChanges;
  /** Tells what a process before this one pending back. */
  resume(checkpoint: Checkpoint): void;
  /** Reads the exceptions again; a broken file leaves the old rules in force. */
  reload(): boolean;
  counts(): DetectionStageCounts;
}

/**
 * Connects enrich → detect → exceptions → storm filter, alike for live events and for recorded ones.
 * @throws MemwardenError CONFIG_INVALID, EXCEPTIONS_INVALID
 */
export function createDetectionStage(
  { detect, enrich }: Settings,
  bootToWallOffsetNs: () => bigint,
  emit: (detection: Detection) => void,
): DetectionStage {
  const engine = createEngine({ events: detect.events });
  const enricher = createEnricher({
    bootToWallOffsetNs,
    procRoot: enrich.procfsPath,
    redact: enrich.redact,
  });
  // the user's rules are the more special ones, and the first that matches decides
  const files = detect.exceptionsPath === undefined ? [] : [detect.exceptionsPath];
  const exceptions = loadExceptions([...files, SHIPPED_EXCEPTIONS]);
  /** Checkpoint of a process before this one, whose summaries have been told. */
  const settled = new Map<string, null>();
  const events = { filtered: 0, excepted: 0, detected: 0 };
  const detections = { found: 0, excepted: 0, reported: 0, summarized: 0 };
  let summaries = 0;
  const storm = createStormFilter({ windowMillis: detect.stormWindowMillis, emit: report });

  function report(detection: Detection): void {
    if (detection.repeat === undefined) {
      detections.reported += 1;
    } else {
      detections.summarized += detection.repeat.count;
      summaries += 1;
    }
    emit(detection);
  }

  function accept(event: CapturedEvent): void {
    const count = countOf(event);
    const enriched = enricher.enrich(event);
    const detections = enriched === undefined ? [] : engine.detect(enriched);
    let kept = 0;
    for (const detection of detections) {
      const judged = exceptions.apply(detection);
      if (judged === undefined) continue;
      kept += 1;
      storm.offer(judged);
    }
    detections.found += count * detections.length;
    detections.excepted += count * (detections.length - kept);
    if (detections.length === 0) events.filtered += count;
    else if (kept === 0) events.excepted += count;
    else events.detected += count;
  }

  /** A summary of a process before this one: its events are in the books of that one, its detections in these too. */
  function reportAgain(summary: Detection): void {
    detections.found += summary.repeat?.count ?? 0;
    report(summary);
  }

  function takeChanges(): CheckpointChanges {
    const changes = new Map<string, Uint8Array | null>(settled);
    settled.clear();
    for (const [key, summary] of storm.takeChanges()) {
      changes.set(ENTRY + key, summary && encodeSummary(summary));
    }
    return changes;
  }

  function resume(checkpoint: Checkpoint): void {
    for (const [name, value] of checkpoint) {
      if (!name.startsWith(ENTRY)) continue;
      settled.set(name, null);
      try {
        const summary = decodeSummary(value, SIGNATURES);
        if (summary !== undefined) reportAgain(summary);
        else log.error(`failed to report a summary that was kept: this version has no signature for ${name}`);
      } catch (error) {
        log.error(`failed to read a summary that was kept, ${name}: ${error}`);
      }
    }
  }

  return {
    engine,
    enricher,
    takeChanges,
    resume,
    accept,
    ignore: event => {
      events.filtered += countOf(event);
    },
    sweep: storm.sweep,
    flush: storm.flush,
    reload: exceptions.reload,
    counts: () => ({
      events: { ...events },
      detections: { ...detections, pending: storm.pending() },
      summaries,
      exceptions: exceptions.counts,
    }),
  };
}

/** How many events one that was captured stands for. */
function countOf({ kind, repeatCount }: CapturedEvent): number {
  return kind === 'repeat' ? Number(repeatCount) : 1;
}
