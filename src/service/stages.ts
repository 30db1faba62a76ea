import type { LossWatch } from '../accounting/loss-watch.ts';
import type { Capture, CapturedEvent, Origin, Round } from '../capture/index.ts';
import type { DetectionStage } from '../detect/detection-stage.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { isCanary } from './own-events.ts';

/** The connected stages: events of the capture go through detection to telemetry. */
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

  /** Restores the checkpoint of the process before this one, as far as the spool has it. */
  resume(): void {
    const checkpoint = this.telemetry.checkpoint();
    this.capture.resume(checkpoint);
    this.detection.resume(checkpoint);
  }

  /** Reports the events that the kernel recorded while no sidecar ran, and those that the last one had not reported. */
  async catchUp(): Promise<void> {
    this.resume();
    await this.capture.catchUp({
      onEvent: (event, origin) => this.pass(event, origin),
      onRound: round => this.persist(round),
    });
    this.losses.drained();
    await this.persist();
  }

  /** Passes an event on. Canaries, and events that the process before this one has reported, are ignored by detection. */
  pass(event: CapturedEvent, origin: Origin): void {
    this.losses.received(event);
    if (origin === 'reported' || (origin === 'own' && isCanary(event))) this.detection.ignore(event);
    else this.detection.accept(event);
  }

  /** Makes the records durable, in one transaction with the checkpoint that a restart reads. */
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

  /** As `persist`, with a record for each loss since the last call. */
  async persistWithLosses(round?: Round): Promise<void> {
    this.losses.collect().forEach(this.telemetry.emitLoss);
    await this.persist(round);
    this.losses.saved();
  }
}
