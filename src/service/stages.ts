import type { LossWatch } from '../accounting/loss-watch.ts';
import type { Capture, CapturedEvent, Origin, Round } from '../capture/index.ts';
import type { DetectionStage } from '../detect/detection-stage.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { isCanary } from './own-events.ts';

/** The stages, connected: what the capture hands on goes through detection to telemetry. */
export class Stages {
  readonly capture: Capture;
  readonly detection: DetectionStage;
  readonly telemetry: Telemetry;
  readonly losses: LossWatch;

  constructor(capture: Capture, detection: DetectionStage, telemetry: Telemetry, losses: LossWatch) {
    this.capture = capture;
    this.detection = detection;
    this.telemetry = telemetry;
    this.losses = losses;
  }

  /** Goes on from where the process before this one ended, as far as its checkpoint is there. */
  resume(): void {
    const checkpoint = this.telemetry.checkpoint();
    this.capture.resume(checkpoint);
    this.detection.resume(checkpoint);
  }

  /** Reports what the kernel recorded while no sidecar ran, and what the one before this one had not reported. */
  async catchUp(): Promise<void> {
    this.resume();
    await this.capture.catchUp({
      onEvent: (event, origin) => this.pass(event, origin),
      onRound: round => this.persist(round),
    });
    this.losses.drained();
    await this.persist();
  }

  /** An event of the kernel. What the sidecar does to prove its hooks is no detection, nor what another version has reported. */
  pass(event: CapturedEvent, origin: Origin): void {
    this.losses.received(event);
    if (origin === 'reported' || (origin === 'own' && isCanary(event))) this.detection.ignore(event);
    else this.detection.accept(event);
  }

  /** Makes all that came of the events durable, together with what a restart must know of it. */
  persist(round?: Round): Promise<void> {
    const { persist, saveCheckpoint } = this.telemetry;
    if (saveCheckpoint !== undefined) {
      saveCheckpoint(this.detection.takeChanges(), true);
      if (round !== undefined) {
        saveCheckpoint(round.reportedRepeats, true);
        saveCheckpoint(round.position, false);
      }
    }
    return persist();
  }

  /** The same, with a record for each loss since the last call. */
  async persistWithLosses(round?: Round): Promise<void> {
    this.losses.collect().forEach(this.telemetry.emitLoss);
    await this.persist(round);
    this.losses.saved();
  }
}
