import { bootToWallOffsetNs } from '../capture/index.ts';
import type { Settings } from '../config/index.ts';
import { PreparedDetection } from '../detect/detection-stage.ts';
import { openRecording } from '../recording/recording.ts';
import { StandardOutput } from '../standard-streams/standard-output.ts';
import { prepareTelemetry } from '../telemetry/telemetry.ts';

/** Longest time that a replay waits for the collector after its last record, ms. */
const REPLAY_MILLIS = 10_000;
/** Events between two calls of `persist`, which bound the records in memory. */
const REPLAY_ROUND = 2_048;

/** The records of a replay that were not delivered. */
export interface ReplayOutcome {
  /** Still in the spool, or refused by the collector; includes records of an earlier run in the same spool. */
  readonly undelivered: number;
  /** Could not be written to stdout. */
  readonly lost: number;
}

/**
 * Sends the events of a file through the same stages as live ones; needs no privilege. In a damaged file the events before
 * the damage are reported.
 * @throws MemwardenError RECORDING_INVALID for a file that is cut short, damaged, or of a newer version
 */
export async function replay(settings: Settings, path: string): Promise<ReplayOutcome> {
  const recording = await openRecording(path);
  const reader = { isGone: false };
  const telemetry = prepareTelemetry(settings.telemetry, {
    output: new StandardOutput(),
    onOutputClosed: () => {
      reader.isGone = true;
    },
  })('replay');
  // a full disk is not waited for: the recording can be replayed again when there is room
  if (settings.telemetry.exporter === 'otlp') telemetry.stopWaiting();
  const detection = new PreparedDetection(settings, bootToWallOffsetNs).start(telemetry.emit);
  try {
    let events = 0;
    for await (const event of recording) {
      detection.accept(event);
      events += 1;
      if (events % REPLAY_ROUND === 0) await telemetry.persist();
      if (reader.isGone) break;
    }
  } finally {
    detection.flush();
    await telemetry.persist();
    await telemetry.shutdown(REPLAY_MILLIS);
  }
  const { spooled, refused } = telemetry.stats();
  return { undelivered: spooled + refused, lost: telemetry.lost() };
}
