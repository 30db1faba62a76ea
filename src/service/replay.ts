import { bootToWallOffsetNs } from '../capture/index.ts';
import type { Settings } from '../config/index.ts';
import { PreparedDetection } from '../detect/detection-stage.ts';
import { openRecording } from '../recording/recording.ts';
import { StandardOutput } from '../standard-streams/standard-output.ts';
import { prepareTelemetry } from '../telemetry/telemetry.ts';

/** Longest time that a replay waits for the collector after its last record, ms. */
const REPLAY_MILLIS = 10_000;
/** Records of a replay that are in memory at once. */
const REPLAY_ROUND = 2_048;

/** What became of the records of a replay, beside those that were delivered. */
export interface ReplayOutcome {
  /** In the spool, or refused by the collector; those of an earlier run that wait there too are among them. */
  readonly undelivered: number;
  /** Could not be written to stdout. */
  readonly lost: number;
}

/**
 * Sends the events of a file through the same stages as live ones; needs no privilege. What was read before a damage is
 * reported.
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
  // a full disk: the recording can be replayed again when there is room
  if (settings.telemetry.exporter === 'otlp') telemetry.hurry();
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
