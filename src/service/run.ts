import { LossWatch } from '../accounting/loss-watch.ts';
import { bootToWallOffsetNs, Capture } from '../capture/index.ts';
import type { Settings } from '../config/index.ts';
import { PreparedDetection } from '../detect/detection-stage.ts';
import { type Health, startHealth } from '../health/start-health.ts';
import type { RecordOutput } from '../standard-streams/record-output.ts';
import { StandardOutput } from '../standard-streams/standard-output.ts';
import { prepareTelemetry } from '../telemetry/telemetry.ts';
import { captureOptions, hookList, pinPathOf } from './capture-options.ts';
import { RunningService } from './running-service.ts';
import type { Service } from './service.ts';
import { Stages } from './stages.ts';

/**
 * Connects the stages: capture → enrich → detect → telemetry. Only this file knows all of them.
 * @param output where the console exporter writes
 * @throws MemwardenError when a stage cannot start; this start then leaves nothing in the kernel
 */
export async function startService(
  settings: Settings,
  output: RecordOutput = new StandardOutput(),
): Promise<Service> {
  // first everything that a wrong setting can make fail: nothing has been loaded into the kernel yet
  const startTelemetry = prepareTelemetry(settings.telemetry, {
    output,
    onOutputClosed: () => process.kill(process.pid, 'SIGTERM'),
  });
  const detection = new PreparedDetection(settings, bootToWallOffsetNs);
  const capture = new Capture(captureOptions(settings, detection.engine, pinPathOf(settings)));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => capture.stop());
  const losses = new LossWatch(capture);

  // The Resource names the hooks. Inherited ones are known now; their events are reported before new ones are attached.
  const { inheritedHooks } = capture;
  if (inheritedHooks === undefined) capture.attach();
  const telemetry = startTelemetry(hookList(inheritedHooks ?? capture.hooks));
  undo.defer(() => telemetry.shutdown(0));
  const stages = new Stages(capture, detection.start(telemetry.emit), telemetry, losses);
  if (inheritedHooks === undefined) stages.resume();
  else {
    await stages.catchUp();
    capture.attach();
  }
  telemetry.setCaptureHook(hookList(capture.hooks));

  const health = wantsHealth(settings) ? await startHealth(settings, stages) : undefined;
  if (health !== undefined) undo.defer(() => health.stop());
  for (const unread of capture.commit()) losses.abandoned(unread);
  undo.move();
  return start(stages, health);
}

function start(stages: Stages, health: Health | undefined): Service {
  const service = new RunningService(stages, health);
  service.start();
  return service;
}

function wantsHealth({ health, telemetry }: Settings): boolean {
  return health.enabled || telemetry.metrics.exporter === 'otlp';
}
