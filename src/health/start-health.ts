import { diag } from '@opentelemetry/api';
import { keepBooks } from '../accounting/accounts.ts';
import type { LossWatch } from '../accounting/loss-watch.ts';
import type { Capture, CapturedEvent } from '../capture/index.ts';
import type { Settings } from '../config/index.ts';
import type { DetectionStage } from '../detect/detection-stage.ts';
import { standardError } from '../standard-streams/standard-error.ts';
import { createMetricReader } from '../telemetry/metrics/metric-reader.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import { Readiness } from './readiness.ts';
import { createSelfMetrics, type MetricSources } from './self-metrics.ts';
import { startHealthServer } from './server.ts';

const log = diag.createComponentLogger({ namespace: 'health' });

/** How often a canary is sent through every hook, ms. */
const CANARY_MILLIS = 10_000;

export interface Health {
  /** An event of this process itself has arrived through the ring buffer. */
  canaryArrived(event: CapturedEvent): void;
  stop(): Promise<void>;
}

/** The stages whose state is served. */
export interface WatchedStages {
  readonly capture: Capture;
  readonly losses: LossWatch;
  readonly detection: DetectionStage;
  readonly telemetry: Telemetry;
}

/**
 * Starts the canaries, the HTTP server and the export of metrics, each as far as the settings enable it.
 *
 * @throws MemwardenError CONFIG_INVALID when the address cannot be listened on, CREDENTIALS_INVALID
 */
export async function startHealth(
  { health: { enabled, listenAddress, listenPort }, telemetry: telemetryOptions }: Settings,
  { capture, losses, detection, telemetry }: WatchedStages,
): Promise<Health> {
  const reader = createMetricReader(telemetryOptions);
  // measuring wakes this process ten times a second: only where somebody can ask
  const eventLoop = enabled || reader !== undefined ? new EventLoopDelay() : undefined;
  const readiness = new Readiness(capture.hooks.keys(), {
    spoolProblem: () => telemetry.problems().spool,
    eventLoopProblem: () => eventLoop?.problem(),
    collectorProblem: () => telemetry.problems().collector,
  });
  const push = reader && { reader, resource: telemetry.resource() };
  const sources: MetricSources = {
    books: () => keepBooks(losses, detection.counts(), telemetry.stats()),
    lost: () => losses.lost(),
    exceptions: () => detection.counts().exceptions,
    backlog: telemetry.backlog,
    components: telemetry.components,
    skippedRuns: () => capture.skippedRuns.read(),
    unknownRecords: () => capture.unknownRecords,
    canaryAges: () => readiness.canaryAges(),
    droppedMessages: () => standardError.dropped,
    worstLoopDelay: () => eventLoop?.worstSeconds() ?? 0,
  };
  const metrics = createSelfMetrics(sources, push);
  const server = enabled
    ? await startHealthServer(listenAddress, listenPort, {
        readiness: () => readiness.report(),
        metrics: metrics.serve,
      })
    : undefined;
  const canary = setInterval(() => provoke(capture), CANARY_MILLIS);
  if (server !== undefined) log.info(`listening on http://${listenAddress}:${server.port}`);
  return {
    canaryArrived: event => {
      for (const capability of capture.provenBy(event)) readiness.canaryArrived(capability);
    },
    stop: async () => {
      clearInterval(canary);
      eventLoop?.stop();
      await server?.close();
      await metrics.shutdown();
    },
  };
}

/** Triggers a canary event. A failure needs no more than a log line: without canaries `/readyz` answers 503. */
function provoke(capture: Capture): void {
  try {
    capture.provokeCanary();
  } catch (error) {
    log.warn('failed to provoke a canary event', error);
  }
}
