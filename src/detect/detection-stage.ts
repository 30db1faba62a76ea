import { diag } from '@opentelemetry/api';
import type { CapturedEvent } from '../capture/index.ts';
import type { Checkpoint, CheckpointChanges } from '../checkpoint.ts';
import { createEnricher, type Enricher } from '../enrich/enricher.ts';
import type { Detection } from './detection.ts';
import { createEngine, type Engine } from './engine.ts';
import { type Exceptions, loadExceptions, SHIPPED_EXCEPTIONS } from './exceptions/exceptions.ts';
import { createStormFilter, type StormFilter } from './folding/storm.ts';
import { decodeSummary, encodeSummary } from './folding/summary-codec.ts';
import { SIGNATURES } from './signatures/index.ts';

const log = diag.createComponentLogger({ namespace: 'detect' });

/** Prefix of the checkpoint's entries with pending summaries. Spools on disk have it, so it cannot change. */
const ENTRY = 'held/';

/**
 * Counts of events and of the detections in them. An event that the kernel only counted as a repeat is an event like any
 * other.
 */
export interface DetectionStageCounts {
  /** Each event is counted in exactly one of these. */
  readonly events: {
    /** No signature matched it, or it was one of the sidecar's own canaries. */
    readonly filtered: number;
    /** Rules of the exceptions dropped all of its detections. */
    readonly excepted: number;
    /** It is reported: by a record, or by the count of a summary. */
    readonly detected: number;
  };
  /** One event can be several detections: found = excepted + reported + summarized + pending. */
  readonly detections: {
    readonly found: number;
    readonly excepted: number;
    /** By a record of its own. */
    readonly reported: number;
    /** By the count of a summary. */
    readonly summarized: number;
    /** Waiting for a summary at this moment. */
    readonly pending: number;
  };
  /** Summaries that were made; together with the detections reported they are the records of detections. */
  readonly summaries: number;
  /** Detections that a rule of the exceptions dropped or lowered, by its name. */
  readonly exceptions: ReadonlyMap<string, number>;
}

/** The settings that the stage reads. */
export interface DetectionStageOptions {
  readonly detect: {
    /** Names, ids and sets of the events to report. */
    readonly events: readonly string[];
    readonly exceptionsPath?: string;
    readonly stormWindowMillis: number;
  };
  readonly enrich: {
    /** Where the procfs of the initial pid namespace is mounted. */
    readonly procfsPath: string;
    readonly redact: boolean;
  };
}

/**
 * The parts of the stage that can fail because of a setting, created before anything is loaded into the kernel. The capture
 * needs the engine to know which events to capture; the consumer of the detections exists only after the capture has begun.
 */
export class PreparedDetection {
  readonly engine: Engine;
  readonly enricher: Enricher;
  readonly #exceptions: Exceptions;
  readonly #stormWindowMillis: number;

  /** @throws MemwardenError CONFIG_INVALID, EXCEPTIONS_INVALID */
  constructor({ detect, enrich }: DetectionStageOptions, bootToWallOffsetNs: () => bigint) {
    this.engine = createEngine({ events: detect.events });
    this.enricher = createEnricher({
      bootToWallOffsetNs,
      procRoot: enrich.procfsPath,
      redact: enrich.redact,
    });
    // the first rule that matches decides, so the user's rules come before the shipped ones
    const files = detect.exceptionsPath === undefined ? [] : [detect.exceptionsPath];
    this.#exceptions = loadExceptions([...files, SHIPPED_EXCEPTIONS]);
    this.#stormWindowMillis = detect.stormWindowMillis;
  }

  /** @param emit receives each detection that is to be reported */
  start(emit: (detection: Detection) => void): DetectionStage {
    return new DetectionStage(this, this.#exceptions, this.#stormWindowMillis, emit);
  }
}

/**
 * Turns captured events into the detections that are reported: enricher → engine → exceptions → storm filter. Live and
 * recorded events take the same path.
 */
export class DetectionStage {
  readonly #engine: Engine;
  readonly #enricher: Enricher;
  readonly #exceptions: Exceptions;
  readonly #storm: StormFilter;
  readonly #emit: (detection: Detection) => void;
  /** Names of an earlier process's checkpoint entries whose summaries have been reported: they are deleted next. */
  readonly #settled = new Map<string, null>();
  readonly #events = { filtered: 0, excepted: 0, detected: 0 };
  readonly #detections = { found: 0, excepted: 0, reported: 0, summarized: 0 };
  #summaries = 0;

  constructor(
    { engine, enricher }: PreparedDetection,
    exceptions: Exceptions,
    stormWindowMillis: number,
    emit: (detection: Detection) => void,
  ) {
    this.#engine = engine;
    this.#enricher = enricher;
    this.#exceptions = exceptions;
    this.#emit = emit;
    this.#storm = createStormFilter({
      windowMillis: stormWindowMillis,
      emit: detection => this.#report(detection),
    });
  }

  accept(event: CapturedEvent): void {
    const count = countOf(event);
    const enriched = this.#enricher.enrich(event);
    const found = enriched === undefined ? [] : this.#engine.detect(enriched);
    let kept = 0;
    for (const detection of found) {
      const allowed = this.#exceptions.apply(detection);
      if (allowed === undefined) continue;
      kept += 1;
      this.#storm.offer(allowed);
    }
    this.#detections.found += count * found.length;
    this.#detections.excepted += count * (found.length - kept);
    if (found.length === 0) this.#events.filtered += count;
    else if (kept === 0) this.#events.excepted += count;
    else this.#events.detected += count;
  }

  /** Counts one of the sidecar's own events, which no signature may see. */
  ignore(event: CapturedEvent): void {
    this.#events.filtered += countOf(event);
  }

  /** Reports the summaries whose window has ended; must be called about once a second. */
  sweep(): void {
    this.#storm.sweep();
  }

  /** Reports all summaries now. */
  flush(): void {
    this.#storm.flush();
  }

  /** Changes to the pending summaries since the last call, for the checkpoint. */
  takeChanges(): CheckpointChanges {
    const changes = new Map<string, Uint8Array | null>(this.#settled);
    this.#settled.clear();
    for (const [key, summary] of this.#storm.takeChanges()) {
      changes.set(ENTRY + key, summary && encodeSummary(summary));
    }
    return changes;
  }

  /** Reports the summaries that were pending when an earlier process ended. */
  resume(checkpoint: Checkpoint): void {
    for (const [name, value] of checkpoint) {
      if (!name.startsWith(ENTRY)) continue;
      this.#settled.set(name, null);
      try {
        const summary = decodeSummary(value, SIGNATURES);
        if (summary !== undefined) this.#reportInherited(summary);
        else log.error(`failed to report a saved summary: this version has no signature for ${name}`);
      } catch (error) {
        log.error(`failed to read the saved summary ${name}: ${error}`);
      }
    }
  }

  /** Reads the exceptions again; an invalid file leaves the old rules in force. */
  reload(): boolean {
    return this.#exceptions.reload();
  }

  counts(): DetectionStageCounts {
    return {
      events: { ...this.#events },
      detections: { ...this.#detections, pending: this.#storm.pending() },
      summaries: this.#summaries,
      exceptions: this.#exceptions.counts,
    };
  }

  #report(detection: Detection): void {
    if (detection.repeat === undefined) {
      this.#detections.reported += 1;
    } else {
      this.#detections.summarized += detection.repeat.count;
      this.#summaries += 1;
    }
    this.#emit(detection);
  }

  /** An earlier process has counted the events of this summary; its detections are counted again, by this process. */
  #reportInherited(summary: Detection): void {
    this.#detections.found += summary.repeat?.count ?? 0;
    this.#report(summary);
  }
}

/** How many events a captured event stands for. */
function countOf({ kind, repeatCount }: CapturedEvent): number {
  return kind === 'repeat' ? Number(repeatCount) : 1;
}
