/**
 * One pipeline from memory to a receiver, in a process of its own, as fast as it goes without losing records. The input is
 * the kernel's bytes or ready detections; delivery is durable or stock (the SDK's batch processor and exporter).
 */

import { bootToWallOffsetNs } from '../../src/capture/index.ts';
import { EventDecoder } from '../../src/capture/ring/decoder.ts';
import { loadSettings } from '../../src/config/index.ts';
import type { Detection } from '../../src/detect/detection.ts';
import { PreparedDetection } from '../../src/detect/detection-stage.ts';
import { StandardOutput } from '../../src/standard-streams/standard-output.ts';
import { prepareTelemetry } from '../../src/telemetry/telemetry.ts';
import { readKernelRecords } from './kernel-records.ts';
import { usageOf } from './usage.ts';

/** Argument of the process, as JSON. */
export interface CarryJob {
  readonly through: 'memwarden' | 'stock';
  readonly from: 'kernel records' | 'detections';
  readonly recordsPath: string;
  readonly endpoint: string;
  readonly spool: string;
  readonly seconds: number;
}

/** Result that it prints, as JSON. */
export interface CarryOutcome {
  readonly records: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

/** The last stage of a pipeline. */
interface End {
  emit(detection: Detection): void;
  /** Resolves when there is room for another round. */
  roundOver(): Promise<void>;
  /** Resolves when the receiver has everything. */
  flush(): Promise<void>;
}

/** Events that the capture reads in a round. */
const ROUND_RECORDS = 2_048;
/** Most records in flight when a round begins, in durable mode: as many as its concurrent requests hold. */
const ON_THE_WAY_MAX = ROUND_RECORDS;

const job = JSON.parse(process.argv[2] ?? '') as CarryJob;
const settings = loadSettings({
  env: {
    OTEL_EXPORTER_OTLP_ENDPOINT: job.endpoint,
    MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: job.spool,
    MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
    MEMWARDEN_TELEMETRY_DELIVERY_MODE: job.through === 'stock' ? 'stock' : 'durable',
    // a queue for a whole round, since it drops what does not fit
    OTEL_BLRP_MAX_QUEUE_SIZE: String(2 * ROUND_RECORDS),
  },
});

const surroundings = { output: new StandardOutput(), onOutputClosed: () => undefined };
const telemetry = prepareTelemetry(settings.telemetry, surroundings)('benchmark');

function memwarden(): End {
  return {
    emit: telemetry.emit,
    roundOver: async () => {
      await telemetry.persist();
      do await new Promise(resolve => setImmediate(resolve));
      while (telemetry.stats().spooled > ON_THE_WAY_MAX);
    },
    flush: telemetry.forceFlush,
  };
}

/** With a flush after each round, before its queue is full. */
function stock(): End {
  return { emit: telemetry.emit, roundOver: telemetry.forceFlush, flush: telemetry.forceFlush };
}

const { memory, places } = readKernelRecords(job.recordsPath);
const decoder = new EventDecoder(memory);
const end = job.through === 'memwarden' ? memwarden() : stock();
let sink: (detection: Detection) => void = end.emit;
const stage = new PreparedDetection(settings, bootToWallOffsetNs).start(detection => sink(detection));
const accept = ({ offset, length }: { offset: number; length: number }): void => {
  const event = decoder.decode(offset, length);
  if (event !== undefined) stage.accept(event);
};

const detections: Detection[] = [];
if (job.from === 'detections') {
  sink = detection => detections.push(detection);
  places.forEach(accept);
}

const began = performance.now();
const before = usageOf(process.pid).cpuSeconds;
let records = 0;
while (performance.now() - began < job.seconds * 1_000) {
  for (let i = 0; i < ROUND_RECORDS; i++, records++) {
    const detection = detections[records % Math.max(detections.length, 1)];
    const place = places[records % places.length];
    if (detection !== undefined) end.emit(detection);
    else if (place !== undefined) accept(place);
  }
  await end.roundOver();
}
await end.flush();
const { cpuSeconds, peakRssBytes } = usageOf(process.pid);
const outcome: CarryOutcome = {
  records,
  seconds: (performance.now() - began) / 1_000,
  cpuSeconds: cpuSeconds - before,
  peakRssBytes,
};
console.log(JSON.stringify(outcome));
process.exit();
