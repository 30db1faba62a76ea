import { setTimeout as delay } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import { LossWatch } from '../accounting/loss-watch.ts';
import {
  bootToWallOffsetNs,
  Capture,
  type CapturedEvent,
  type CaptureOptions,
  type HookName,
  type Origin,
  type Round,
} from '../capture/index.ts';
import type { Settings } from '../config/index.ts';
import { createDetectionStage, type DetectionStage } from '../detect/detection-stage.ts';
import { type Health, type Stages, startHealth } from '../health/start-health.ts';
import { createRecorder, openRecording } from '../recording/recording.ts';
import type { RecordOutput } from '../standard-streams/record-output.ts';
import { StandardOutput } from '../standard-streams/standard-output.ts';
import { prepareTelemetry, type StartTelemetry, type Telemetry } from '../telemetry/telemetry.ts';

const log = diag.createComponentLogger({ namespace: 'pipeline' });

/**
 * Longest time that the end may take, ms. Docker kills after ten seconds, so 8 s are promised (StopWatchdog), of which this
 * leaves some for a slow machine.
 */
const SHUTDOWN_MILLIS = 5_000;
/** Within that, what the last reading of the kernel's buffer waits for a disk or a reader that takes nothing, ms. */
const PERSIST_MILLIS = 3_000;
/** The same for the last metrics, which the records must not wait for. */
const LAST_METRICS_MILLIS = 500;
/** Longest time that a replay waits for the collector after its last record, ms. */
const REPLAY_MILLIS = 10_000;
/** Records of a replay that are in memory at once. */
const REPLAY_ROUND = 2_048;

/** How often the storm filter is asked for summaries that are due, ms. */
const SWEEP_MILLIS = 1_000;

/** The stages, connected and running. */
export interface Pipeline {
  /** Hook in use per capability. */
  readonly hooks: ReadonlyMap<string, HookName>;
  /** Reads the exceptions again; a broken file leaves the old rules in force. */
  reload(): void;
  /**
   * Ends the capture, then flushes.
   * @returns whether every record is with its reader, with the collector, or in the spool
   */
  stop(): Promise<boolean>;
}

/**
 * Connects the stages: capture → enrich → detect → telemetry. The only place that knows them all.
 * @param output where the console exporter writes
 * @throws MemwardenError when a stage cannot start; nothing of it is left in the kernel then
 */
export async function startPipeline(
  settings: Settings,
  output: RecordOutput = new StandardOutput(),
): Promise<Pipeline> {
  // what can fail for a wrong setting does so before anything is done to the kernel
  const startTelemetry = prepare(settings, output);
  // the capture's hooks are part of the Resource, and the stage's signatures choose what is captured
  let telemetry: Telemetry | undefined;
  let health: Health | undefined;
  const stage = createDetectionStage(settings, bootToWallOffsetNs, detection => telemetry?.emit(detection));
  const capture = new Capture(captureOptions(settings, stage, pinPath(settings)));
  const losses = new LossWatch(capture);
  try {
    const { inheritedHooks } = capture;
    if (inheritedHooks !== undefined) {
      telemetry = startTelemetry(hookList(inheritedHooks));
      await catchUp({ capture, stage, telemetry, losses });
    }
    capture.attach();
    if (telemetry === undefined) {
      telemetry = startTelemetry(hookList(capture.hooks));
      resume(capture, stage, telemetry);
    }
    telemetry.setCaptureHook(hookList(capture.hooks));
    if (settings.health.enabled || settings.telemetry.metrics.exporter === 'otlp')
      health = await startHealth(settings, { capture, losses, stage, telemetry });
    for (const unread of capture.commit()) losses.abandoned(unread);
  } catch (error) {
    await health?.stop();
    await capture.stop();
    await telemetry?.shutdown(0);
    throw error;
  }
  const { hurry, shutdown, emitLoss, saveCheckpoint } = telemetry;
  const persist = persistence(stage, telemetry);
  const reportLosses = async (round?: Round) => {
    losses.collect().forEach(emitLoss);
    await persist(round);
    losses.saved();
  };
  let stopping = false;
  capture.start({
    onEvent: (event, origin) => {
      losses.received(event);
      judge(event, origin, stage);
      if (origin === 'own') health?.canaryArrived(event);
    },
    onRound: round => {
      if (round.drained) losses.drained();
      // the last look: what pinned programs lose after it is for the next process to tell
      return stopping ? reportLosses(round) : persist(round);
    },
  });
  capture.ended.catch((error: unknown) => {
    // what fails at the end is told by `stop`
    if (!stopping) stopAfterFailure(error);
  });
  let sweeping = false;
  const sweep = setInterval(() => {
    // while the spool cannot be written, what is told would only pile up in memory
    if (sweeping) return;
    sweeping = true;
    stage.sweep();
    reportLosses()
      .catch((error: unknown) => log.error('failed to persist summaries', error))
      .finally(() => {
        sweeping = false;
      });
  }, SWEEP_MILLIS);

  return {
    hooks: capture.hooks,
    reload: stage.reload,
    stop: async () => {
      clearInterval(sweep);
      stopping = true;
      const end = performance.now() + SHUTDOWN_MILLIS;
      // the numbers are read at once; what they are sent to may never answer
      if (health !== undefined) await within(LAST_METRICS_MILLIS, health.stop());
      // the last round waits for a full disk, or for who reads stdout, no longer than this
      const deadline = setTimeout(hurry, PERSIST_MILLIS);
      try {
        await within(end - performance.now(), capture.stop());
      } finally {
        clearTimeout(deadline);
        // also when the capture failed: what it had seen until then is told
        stage.flush();
        saveCheckpoint?.(stage.takeChanges(), true);
        await shutdown(Math.max(end - performance.now(), 0));
      }
      return telemetry.lost() === 0;
    },
  };
}

/**
 * Captures into a file instead of detecting.
 * @throws MemwardenError RECORDING_INVALID, CAPTURE_UNAVAILABLE
 */
export async function startRecording(settings: Settings, path: string): Promise<Pipeline> {
  const recorder = createRecorder(path, { redact: settings.enrich.redact });
  const stage = createDetectionStage(settings, bootToWallOffsetNs, () => undefined);
  const capture = new Capture(captureOptions(settings, stage));
  try {
    capture.attach();
    capture.commit();
  } catch (error) {
    await capture.stop();
    throw error;
  }
  const losses = new LossWatch(capture);
  const warnOfLosses = ({ drained }: Round) => {
    if (drained) losses.drained();
    for (const { count, cpu, reason } of losses.collect())
      log.warn(`${count} events of CPU ${cpu} are not in the recording: ${reason}`);
  };
  capture.start({
    onEvent: (event, origin) => {
      losses.received(event);
      if (origin === 'own' && isCanary(event)) return;
      // recorded after enrichment: what procfs says of both sides can be asked only now, and only here
      const enriched = stage.enricher.enrich(event);
      if (enriched !== undefined) recorder.record(enriched);
    },
    onRound: warnOfLosses,
  });
  capture.ended.catch(stopAfterFailure);
  return {
    hooks: capture.hooks,
    reload: () => log.info('a recording applies no exceptions'),
    stop: async () => {
      try {
        await capture.stop();
      } finally {
        recorder.close();
      }
      return true;
    },
  };
}

/** What became of the records of a replay, beside those that were delivered. */
export interface ReplayOutcome {
  /** In the spool, or refused by the collector; those of an earlier run that wait there too are among them. */
  readonly undelivered: number;
  /** Could not be written to stdout. */
  readonly lost: number;
}

/**
 * Sends the events of a file through the same stages as live ones; needs no privilege. What was read before a damage is
 * told.
 * @throws MemwardenError RECORDING_INVALID for a file that is cut short, damaged, or of a newer version
 */
export async function replay(settings: Settings, path: string): Promise<ReplayOutcome> {
  const recording = await openRecording(path);
  let isReaderGone = false;
  const telemetry = prepare(settings, new StandardOutput(), () => {
    isReaderGone = true;
  })('replay');
  // a full disk: the recording can be replayed again when there is room
  if (settings.telemetry.exporter === 'otlp') telemetry.hurry();
  const stage = createDetectionStage(settings, bootToWallOffsetNs, detection => telemetry.emit(detection));
  try {
    let events = 0;
    for await (const event of recording) {
      stage.accept(event);
      events += 1;
      if (events % REPLAY_ROUND === 0) await telemetry.persist();
      if (isReaderGone) break;
    }
  } finally {
    stage.flush();
    await telemetry.persist();
    await telemetry.shutdown(REPLAY_MILLIS);
  }
  const { spooled, refused } = telemetry.stats();
  return { undelivered: spooled + refused, lost: telemetry.lost() };
}

/** Judges what the kernel recorded while no sidecar ran, and what the one before this one had not told. */
async function catchUp({ capture, stage, telemetry, losses }: Stages): Promise<void> {
  const persist = persistence(stage, telemetry);
  resume(capture, stage, telemetry);
  await capture.catchUp({
    onEvent: (event, origin) => {
      losses.received(event);
      judge(event, origin, stage);
    },
    onRound: persist,
  });
  losses.drained();
  await persist();
}

/** What the sidecar does to prove its hooks is no detection, and what another version has told is told. */
function judge(event: CapturedEvent, origin: Origin, stage: DetectionStage): void {
  if (origin === 'reported' || (origin === 'own' && isCanary(event))) stage.ignore(event);
  else stage.accept(event);
}

/** Goes on from where the process before this one ended, as far as its checkpoint are here. */
function resume(capture: Capture, stage: DetectionStage, telemetry: Telemetry): void {
  const checkpoint = telemetry.checkpoint();
  capture.resume(checkpoint);
  stage.resume(checkpoint);
}

/** Makes all that came of the events durable, together with what a restart must know of it. */
function persistence(
  stage: DetectionStage,
  { saveCheckpoint, persist }: Telemetry,
): (round?: Round) => Promise<void> {
  if (saveCheckpoint === undefined) return persist;
  return round => {
    saveCheckpoint(stage.takeChanges(), true);
    if (round !== undefined) {
      saveCheckpoint(round.reportedRepeats, true);
      saveCheckpoint(round.position, false);
    }
    return persist();
  };
}

/** Only what is delivered durably is worth to be recorded while nobody reads it. */
function pinPath({ capture, telemetry }: Settings): string | undefined {
  const isDurable = telemetry.exporter === 'otlp' && telemetry.delivery.mode === 'durable';
  return isDurable && capture.pin ? capture.pinPath : undefined;
}

/** @param onOutputClosed nobody reads the output any more */
function prepare(
  { telemetry }: Settings,
  output: RecordOutput,
  onOutputClosed: () => void = () => process.kill(process.pid, 'SIGTERM'),
): StartTelemetry {
  return prepareTelemetry(telemetry, { output, onOutputClosed });
}

/** Goes on after that time at the latest; what is not done by then is left alone. */
async function within(millis: number, work: Promise<void>): Promise<void> {
  await Promise.race([work, delay(Math.max(millis, 0), undefined, { ref: false })]);
}

/** A sidecar that no longer captures must not look alive: it ends, and whoever started it starts it again. */
function stopAfterFailure(error: unknown): void {
  log.error('the capture failed, stopping', error);
  process.exitCode = 1;
  process.kill(process.pid, 'SIGTERM');
}

/**
 * Of an event that is the sidecar's own doing: hooks are proven by this process touching its own memory, and that, and its
 * own JIT compiler's, is no detection.
 */
function isCanary(event: CapturedEvent): boolean {
  return event.selfAccess || event.byText || event.kind === 'mem_protect';
}

function hookList(hooks: ReadonlyMap<string, HookName> = new Map()): string {
  return [...hooks].map(([capability, hook]) => `${capability}=${hook}`).join(',');
}

/** @param pinPath never that of the settings as it is: who pins takes over what a running service has left */
function captureOptions(
  { capture, detect }: Settings,
  { engine }: DetectionStage,
  pinPath?: string,
): CaptureOptions {
  return {
    ...capture,
    pinPath,
    kinds: engine.kinds,
    repeatWindowMillis: detect.stormWindowMillis,
    rawFilter: engine.kinds.has('file_open') ? detect.fileOpen : undefined,
  };
}
