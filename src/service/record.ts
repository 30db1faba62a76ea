import { diag } from '@opentelemetry/api';
import { LossWatch } from '../accounting/loss-watch.ts';
import { bootToWallOffsetNs, Capture } from '../capture/index.ts';
import type { Settings } from '../config/index.ts';
import { PreparedDetection } from '../detect/detection-stage.ts';
import { createRecorder } from '../recording/recording.ts';
import { stopAfterFailure } from './capture-failure.ts';
import { captureOptions } from './capture-options.ts';
import { isCanary } from './own-events.ts';
import type { Service } from './service.ts';

const log = diag.createComponentLogger({ namespace: 'recording' });

/**
 * Captures events into a file, without detecting.
 * @throws MemwardenError RECORDING_INVALID, CAPTURE_UNAVAILABLE
 */
export async function startRecording(settings: Settings, path: string): Promise<Service> {
  const recorder = createRecorder(path, { redact: settings.enrich.redact });
  const { engine, enricher } = new PreparedDetection(settings, bootToWallOffsetNs);
  const capture = new Capture(captureOptions(settings, engine));
  try {
    capture.attach();
    capture.commit();
  } catch (error) {
    await capture.stop();
    throw error;
  }
  const losses = new LossWatch(capture);
  capture.start({
    onEvent: (event, origin) => {
      losses.received(event);
      if (origin === 'own' && isCanary(event)) return;
      // enriched before it is recorded: procfs has both processes only now, and only on this machine
      const enriched = enricher.enrich(event);
      if (enriched !== undefined) recorder.record(enriched);
    },
    onRound: ({ drained }) => {
      if (drained) losses.drained();
      for (const { count, cpu, reason } of losses.collect())
        log.warn(`${count} events of CPU ${cpu} are not in the recording: ${reason}`);
    },
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
