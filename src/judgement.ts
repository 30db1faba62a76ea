import type { CapturedEvent } from './capture/index.ts';
import type { Settings } from './config/index.ts';
import type { Detection } from './detect/detection.ts';
import { createEngine, type Engine } from './detect/engine.ts';
import { loadExceptions, SHIPPED_EXCEPTIONS } from './detect/exceptions/exceptions.ts';
import { createStormFilter } from './detect/storm.ts';
import { createEnricher, type Enricher } from './enrich/enricher.ts';

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

  return {
    engine,
    enricher,
    accept,
    sweep: storm.sweep,
    flush: storm.flush,
    reload: exceptions.reload,
    counts: () => ({ captured, unmatched, detected, excepted, repeated: detected - excepted - told }),
  };
}
