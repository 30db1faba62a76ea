import { diag } from '@opentelemetry/api';
import {
  bootToWallOffsetNs,
  Capture,
  type CapturedEvent,
  type CaptureOptions,
  type HookName,
} from './capture/index.ts';
import type { Settings } from './config/index.ts';
import { createEngine, type Engine } from './detect/engine.ts';
import { createEnricher } from './enrich/enricher.ts';
import { createTelemetry } from './telemetry/telemetry.ts';

const log = diag.createComponentLogger({ namespace: 'pipeline' });

/** Longest time that the flush at the end may take, ms. */
const SHUTDOWN_MILLIS = 10_000;

/** The stages, connected and running. */
export interface Pipeline {
  /** Hook in use per capability. */
  readonly hooks: ReadonlyMap<string, HookName>;
  reload(): void;
  /** Ends the capture, then flushes. */
  stop(): Promise<void>;
}

/**
 * Connects the stages: capture → enrich → detect → telemetry. The only place that knows them all.
 * @throws MemwardenError when a stage cannot start; nothing is left in the kernel then
 */
export async function startPipeline(settings: Settings): Promise<Pipeline> {
  const engine = createEngine({ events: settings.detect.events });
  const enricher = createEnricher({
    bootToWallOffsetNs,
    procRoot: settings.enrich.procfsPath,
    redact: settings.enrich.redact,
  });
  const capture = new Capture(captureOptions(settings, engine));
  try {
    capture.assertUsable();
    const telemetry = createTelemetry(
      {
        ...settings.telemetry,
        resource: { ...settings.telemetry.resource, captureHook: hookList(capture.hooks) },
      },
      { output: process.stdout, onOutputClosed: () => process.kill(process.pid, 'SIGTERM') },
    );

    const onEvent = (captured: CapturedEvent) => {
      if (isCanary(capture, captured)) return;
      const event = enricher.enrich(captured);
      if (event === undefined) return;
      for (const detection of engine.detect(event)) telemetry.emit(detection);
    };
    capture.start({ onEvent, onRound: () => telemetry.persist() });

    return {
      hooks: capture.hooks,
      reload: () => log.info('nothing to reload'),
      stop: async () => {
        await capture.stop();
        await telemetry.shutdown(SHUTDOWN_MILLIS);
      },
    };
  } catch (error) {
    await capture.stop();
    throw error;
  }
}

/** Hooks are proven by this process touching its own memory; that, and its own JIT compiler's, is no finding. */
function isCanary(capture: Capture, event: CapturedEvent): boolean {
  const touchesItself = event.selfAccess || event.byText || event.kind === 'mem_protect';
  return touchesItself && capture.isOwn(event);
}

function hookList(hooks: ReadonlyMap<string, HookName>): string {
  return [...hooks].map(([capability, hook]) => `${capability}=${hook}`).join(',');
}

function captureOptions({ capture, detect }: Settings, engine: Engine): CaptureOptions {
  return {
    ...capture,
    kinds: engine.kinds,
    rawFilter: engine.kinds.has('file_open') ? detect.fileOpen : undefined,
  };
}
