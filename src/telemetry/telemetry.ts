import { diag, type Logger } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { Checkpoint, CheckpointChanges } from '../checkpoint.ts';
import type { Detection } from '../detect/detection.ts';
import type { RecordOutput } from '../standard-streams/record-output.ts';
import { jsonLine } from './console/json-line.ts';
import { prettyLine } from './console/pretty-line.ts';
import { ConsoleProcessor } from './console/processor.ts';
import { prepareOtlpProcessor } from './delivery/create-otlp-processor.ts';
import type { Backlog, DeliveryCounts } from './delivery-counts.ts';
import { DiscardProcessor } from './discard-processor.ts';
import type { DeliveryProblems, DurableLogRecordProcessor } from './durable-processor.ts';
import type { TelemetryOptions } from './options.ts';
import { readBootId } from './record/boot-id.ts';
import { type Loss, toLossRecord } from './record/loss.ts';
import { toLogRecord } from './record/record.ts';
import { createResource, withCaptureHook } from './record/resource.ts';
import { SCOPE } from './record/scope.ts';
import { STOCK_LIMITS, StockProcessor } from './stock/stock-processor.ts';

const log = diag.createComponentLogger({ namespace: 'telemetry' });

/** The last stage: detections in, log records out. */
export interface Telemetry {
  /** Takes a detection; synchronous, never throws for what the detection holds. */
  emit(detection: Detection): void;
  /** Reports events that the kernel lost. */
  emitLoss(loss: Loss): void;
  /**
   * Resolves when all records emitted so far survive the end of this process: in the spool or, with the console exporter,
   * written. The pipeline moves the ring buffer's consumer position only then.
   */
  persist(): Promise<void>;
  /**
   * Has the next `persist` write these changes in one transaction with all records emitted before this call. Undefined
   * where nothing is durable, so that callers need not compute the changes.
   * @param force write them also when there are no records to write
   */
  readonly saveCheckpoint: ((changes: CheckpointChanges, force: boolean) => void) | undefined;
  /** The saved checkpoint, including entries of earlier processes; empty without a spool. */
  checkpoint(): Checkpoint;
  /** From now on `persist` fails instead of waiting for a spool or a stdout that cannot be written. */
  stopWaiting(): void;
  /** Resolves when the collector has answered all records emitted so far, or cannot be reached. */
  forceFlush(): Promise<void>;
  /** Stops within `deadlineMillis`; undelivered records stay in the spool. Never rejects. */
  shutdown(deadlineMillis: number): Promise<void>;
  /** Counts of records by where they are now. */
  stats(): DeliveryCounts;
  /** Records that wait in the spool for the collector; zeros without a spool. */
  backlog(): Backlog;
  problems(): DeliveryProblems;
  /** Records lost at the end; known after `shutdown`. */
  lost(): number;
  /** Sets `memwarden.capture.hook` of the records emitted from now on. The console exporter ignores it. */
  setCaptureHook(captureHook: string): void;
  /** The Resource of records and metrics. */
  resource(): Resource;
  /** What brings the records to a collector; undefined where nothing does. */
  readonly components: DeliveryComponents | undefined;
}

/** Values of `otel.component.type`. */
export interface DeliveryComponents {
  readonly processor: string;
  readonly exporter: string;
}

/** Dependencies of the stage on the process around it. */
export interface TelemetrySurroundings {
  /** Output of the console exporter. */
  readonly output: RecordOutput;
  /** Called once when the reader of the console exporter's output has closed it. */
  onOutputClosed(): void;
}

/** Starts the stage. @param captureHook hook per capability, for the Resource */
export type StartTelemetry = (captureHook: string) => Telemetry;

/**
 * Builds the parts of the stage that do not depend on the hooks, so that an invalid setting is reported before anything is
 * loaded into the kernel. If the stage is then not started, what is open stays open until the process ends.
 *
 * @throws MemwardenError CONFIG_INVALID (resource attributes, endpoint), CREDENTIALS_INVALID (a certificate, key or
 * header file that cannot be read), SPOOL_INVALID (a spool directory that cannot be used).
 */
export function prepareTelemetry(
  options: TelemetryOptions,
  surroundings: TelemetrySurroundings,
): StartTelemetry {
  const bootId = readBootId();
  const resource = createResource(options.resource);
  const createProcessor = prepareProcessor(options, surroundings, bootId);
  return captureHook => {
    const hooked = withCaptureHook(resource, captureHook);
    return startTelemetry(options, createProcessor(hooked), hooked, bootId);
  };
}

function startTelemetry(
  options: TelemetryOptions,
  processor: DurableLogRecordProcessor,
  startResource: Resource,
  bootId: string,
): Telemetry {
  let resource = startResource;
  const provider = new LoggerProvider({ resource, processors: [processor] });
  const logger: Logger = provider.getLogger(SCOPE.name, SCOPE.version);
  return {
    emit: detection => {
      if (processor.onDetection === undefined) logger.emit(toLogRecord(detection, bootId));
      else processor.onDetection(detection);
    },
    emitLoss: loss => logger.emit(toLossRecord(loss, bootId)),
    persist: () => processor.persist(),
    saveCheckpoint: processor.saveCheckpoint?.bind(processor),
    checkpoint: () => processor.checkpoint ?? new Map(),
    stopWaiting: () => processor.stopWaiting?.(),
    forceFlush: () => provider.forceFlush(),
    shutdown: async deadlineMillis => {
      processor.shutdownMillis = deadlineMillis;
      await provider.shutdown();
    },
    stats: () => processor.counts(),
    backlog: () => processor.backlog?.() ?? { bytes: 0, oldestAgeSeconds: 0, inFlight: 0 },
    setCaptureHook: captureHook => {
      resource = withCaptureHook(resource, captureHook);
      processor.setResource?.(resource);
    },
    resource: () => resource,
    components: componentsOf(options),
    lost: () => processor.lost ?? 0,
    problems: () => processor.problems?.() ?? { spool: undefined, collector: undefined },
  };
}

/**
 * Semantic conventions, `otel.component.type`: a standard value where it says what the component is, a name of its own where
 * none does. The spool is no batching processor.
 */
function componentsOf({ exporter, otlp, delivery }: TelemetryOptions): DeliveryComponents | undefined {
  if (exporter !== 'otlp') return undefined;
  return {
    processor: delivery.mode === 'stock' ? 'batching_log_processor' : 'memwarden_spooling_log_processor',
    exporter: otlp.protocol === 'grpc' ? 'otlp_grpc_log_exporter' : 'otlp_http_log_exporter',
  };
}

function prepareProcessor(
  options: TelemetryOptions,
  { output, onOutputClosed }: TelemetrySurroundings,
  bootId: string,
): (resource: Resource) => DurableLogRecordProcessor {
  switch (options.exporter) {
    case 'console': {
      const format = options.pretty ? prettyLine(output.stream) : jsonLine();
      return () => new ConsoleProcessor(output, format, onOutputClosed);
    }
    case 'none':
      return () => new DiscardProcessor();
    case 'otlp': {
      if (options.delivery.mode === 'durable') return prepareOtlpProcessor(options, bootId);
      const processor = new StockProcessor(options.otlp, options.delivery);
      log.warn(STOCK_LIMITS);
      return () => processor;
    }
  }
}
