import { diag } from '@opentelemetry/api';
import type { CapturedEvent } from './capture/index.ts';
import type { Settings } from './config/index.ts';
import type { Detection } from './detect/detection.ts';
import { createEngine, type Engine } from './detect/engine.ts';
import { loadExceptions, SHIPPED_EXCEPTIONS } from './detect/exceptions/exceptions.ts';
import { SIGNATURES } from './detect/signatures/index.ts';
import { createStormFilter } from './detect/storm.ts';
import { decodeSummary, encodeSummary } from './detect/summary-codec.ts';
import { createEnricher, type Enricher } from './enrich/enricher.ts';
import type { NoteChanges, Notes } from './notes.ts';

const log = diag.createComponentLogger({ namespace: 'detect' });

const NOTE = 'held/';

/** What became of the captured events, counted by detections where it is about detections. */
export interface JudgementCounts {
  readonly captured: number;
  /** No signature was about them, or they proved to be about no memory file. */
  readonly unmatched: number;
  readonly detected: number;
  /** Dropped by a rule of the exceptions. */
  readonly excepted: number;
  /** Held back as repetitions; each is in some summary's count. */
  readonly repeated: number;
}

/** The middle of the pipeline, from a captured event to the detections that are told. */
export interface Judgement {
  readonly engine: Engine;
  readonly enricher: Enricher;
  accept(event: CapturedEvent): void;
  /** Tells the summaries whose time has come; to be called about once a second. */
  sweep(): void;
  /** Tells all summaries now. */
  flush(): void;
  /** What is held back and must be known after a restart, as far as it changed since the last call. */
  takeChanges(): NoteChanges;
  /** Tells what a process before this one held back. */
  resume(notes: Notes): void;
  /** Reads the exceptions again; a broken file leaves the old rules in force. */
  reload(): boolean;
  counts(): JudgementCounts;
}

/**
 * Connects enrich → detect → exceptions → storm filter, alike for live events and for recorded ones.
 * @throws MemwardenError CONFIG_INVALID, EXCEPTIONS_INVALID
 */
export function createJudgement(
  { detect, enrich }: Settings,
  bootToWallOffsetNs: () => bigint,
  emit: (detection: Detection) => void,
): Judgement {
  const engine = createEngine({ events: detect.events });
  const enricher = createEnricher({
    bootToWallOffsetNs,
    procRoot: enrich.procfsPath,
    redact: enrich.redact,
  });
  // the user's rules are the more special ones, and the first that matches decides
  const files = detect.exceptionsPath === undefined ? [] : [detect.exceptionsPath];
  const exceptions = loadExceptions([...files, SHIPPED_EXCEPTIONS]);
  /** Notes of a process before this one, whose summaries have been told. */
  const settled = new Map<string, null>();
  let captured = 0;
  let unmatched = 0;
  let detected = 0;
  let excepted = 0;
  let told = 0;
  const storm = createStormFilter({
    windowMillis: detect.stormWindowMillis,
    emit: detection => {
      if (detection.repeat === undefined) told += 1;
      emit(detection);
    },
  });

  function accept(event: CapturedEvent): void {
    captured += 1;
    const enriched = enricher.enrich(event);
    const detections = enriched === undefined ? [] : engine.detect(enriched);
    if (detections.length === 0) unmatched += 1;
    for (const detection of detections) {
      detected += 1;
      const kept = exceptions.apply(detection);
      if (kept === undefined) excepted += 1;
      else storm.offer(kept);
    }
  }

  function takeChanges(): NoteChanges {
    const changes = new Map<string, Uint8Array | null>(settled);
    settled.clear();
    for (const [key, summary] of storm.takeChanges()) {
      changes.set(NOTE + key, summary && encodeSummary(summary));
    }
    return changes;
  }

  function resume(notes: Notes): void {
    for (const [name, value] of notes) {
      if (!name.startsWith(NOTE)) continue;
      settled.set(name, null);
      try {
        const summary = decodeSummary(value, SIGNATURES);
        if (summary !== undefined) emit(summary);
      } catch (error) {
        log.error(`failed to read a summary that was kept: ${error}`);
      }
    }
  }

  return {
    engine,
    enricher,
    takeChanges,
    resume,
    accept,
    sweep: storm.sweep,
    flush: storm.flush,
    reload: exceptions.reload,
    counts: () => ({ captured, unmatched, detected, excepted, repeated: detected - excepted - told }),
  };
}
