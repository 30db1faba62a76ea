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

/** Prefix of the checkpoint's entries with pending summaries; spools of earlier versions have it. */
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
    /** It is reported: by a record, or by the count of a summary. */
    readonly detected: number;
  };
  /** An event can be several: found = excepted + reported + summarized + pending. */
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
  /** Summaries that were made; detections reported and summaries are the records of detections. */
  readonly summaries: number;
  /** Detections that a rule of the exceptions dropped or lowered, by its name. */
  readonly exceptions: ReadonlyMap<string, number>;
}

/** What of the settings concerns the stage. */
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
 * Everything of the stage that a wrong setting can spoil, before anything is done to the kernel: what is captured depends
 * on the engine, where detections go is known only after the capture has begun.
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
    // the user's rules are the more special ones, and the first that matches decides
    const files = detect.exceptionsPath === undefined ? [] : [detect.exceptionsPath];
    this.#exceptions = loadExceptions([...files, SHIPPED_EXCEPTIONS]);
    this.#stormWindowMillis = detect.stormWindowMillis;
  }

  /** @param emit takes what is to be reported */
  start(emit: (detection: Detection) => void): DetectionStage {
    return new DetectionStage(this, this.#exceptions, this.#stormWindowMillis, emit);
  }
}

/**
 * From a captured event to the detections that are reported: enrich → engine → exceptions → storm filter, alike for live
 * events and for recorded ones.
 */
export class DetectionStage {
  readonly #engine: Engine;
  readonly #enricher: Enricher;
  readonly #exceptions: Exceptions;
  readonly #storm: StormFilter;
  readonly #emit: (detection: Detection) => void;
  /** Entries of a process before this one, whose summaries have been reported. */
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

  /** Counts an event that no signature is to see: the sidecar's own. */
  ignore(event: CapturedEvent): void {
    this.#events.filtered += countOf(event);
  }

  /** Reports the summaries whose time has come; to be called about once a second. */
  sweep(): void {
    this.#storm.sweep();
  }

  /** Reports all summaries now. */
  flush(): void {
    this.#storm.flush();
  }

  /** What is pending and must be known after a restart, as far as it changed since the last call. */
  takeChanges(): CheckpointChanges {
    const changes = new Map<string, Uint8Array | null>(this.#settled);
    this.#settled.clear();
    for (const [key, summary] of this.#storm.takeChanges()) {
      changes.set(ENTRY + key, summary && encodeSummary(summary));
    }
    return changes;
  }

  /** Reports what was pending in a process before this one. */
  resume(checkpoint: Checkpoint): void {
    for (const [name, value] of checkpoint) {
      if (!name.startsWith(ENTRY)) continue;
      this.#settled.set(name, null);
      try {
        const summary = decodeSummary(value, SIGNATURES);
        if (summary !== undefined) this.#reportInherited(summary);
        else log.error(`failed to report a summary that was kept: this version has no signature for ${name}`);
      } catch (error) {
        log.error(`failed to read a summary that was kept, ${name}: ${error}`);
      }
    }
  }

  /** Reads the exceptions again; a broken file leaves the old rules in force. */
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

  /** A summary of a process before this one: its events are in the books of that one, its detections in these too. */
  #reportInherited(summary: Detection): void {
    this.#detections.found += summary.repeat?.count ?? 0;
    this.#report(summary);
  }
}

/** How many events one that was captured stands for. */
function countOf({ kind, repeatCount }: CapturedEvent): number {
  return kind === 'repeat' ? Number(repeatCount) : 1;
}
