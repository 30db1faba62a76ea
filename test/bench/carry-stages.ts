import { bootToWallOffsetNs } from '../../src/capture/index.ts';
import { EventDecoder } from '../../src/capture/ring/decoder.ts';
import { loadSettings } from '../../src/config/index.ts';
import type { Detection } from '../../src/detect/detection.ts';
import { PreparedDetection } from '../../src/detect/detection-stage.ts';
import { PendingRecords } from '../../src/telemetry/delivery/pending-records.ts';
import { BufferPool } from '../../src/telemetry/otlp/buffer-pool.ts';
import { DetectionEncoder } from '../../src/telemetry/otlp/detection-encoder.ts';
import { buildExportRequest } from '../../src/telemetry/otlp/export-request.ts';
import { readBootId } from '../../src/telemetry/record/boot-id.ts';
import { packBody } from '../../src/telemetry/spool/stored-body.ts';
import { readKernelRecords } from './kernel-records.ts';
import { median } from './statistics.ts';

const ROUNDS = 40;
/** Records before the measurement, after which the JIT has compiled the hot code. */
const WARM_UP_ROUNDS = 20;
const BATCH_RECORDS = 512;
const BATCHES = 8;

/** Time of each stage alone, ns a record; explains the rate of the pipeline. */
export function measureStages(recordsPath: string): ReadonlyMap<string, number> {
  const { memory, places } = readKernelRecords(recordsPath);
  const some = places.slice(0, BATCHES * BATCH_RECORDS);
  const decoder = new EventDecoder(memory);
  const settings = loadSettings({ env: { MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0' } });
  const pool = new BufferPool();
  let detections: Detection[] = [];
  const stage = new PreparedDetection(settings, bootToWallOffsetNs).start(detection =>
    detections.push(detection),
  );
  const encoder = new DetectionEncoder(readBootId());
  const context = { resource: new Uint8Array(), scope: new Uint8Array() };

  const found = new Map<string, number[]>();
  const time = <T>(stage: string, work: () => T): T => {
    const began = performance.now();
    const result = work();
    const nanoseconds = ((performance.now() - began) * 1e6) / some.length;
    found.set(stage, [...(found.get(stage) ?? []), nanoseconds]);
    return result;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const events = time('decode the kernel’s bytes', () =>
      some.map(({ offset, length }) => decoder.decode(offset, length)).filter(event => event !== undefined),
    );
    detections = [];
    time('enrich, detect, exceptions, storm filter', () => {
      for (const event of events) stage.accept(event);
    });
    const pending = new PendingRecords(3, { records: BATCH_RECORDS, bytes: Number.POSITIVE_INFINITY }, pool);
    const bodies = time('encode', () =>
      detections.map(detection => pending.add(to => encoder.write(to, detection))),
    ).flatMap(batch => batch?.body ?? []);
    time('compress for the spool', () => bodies.forEach(packBody));
    const requests = time('join requests', () =>
      bodies.map(body => buildExportRequest(context, [body], pool)),
    );
    for (const bytes of [...bodies, ...requests]) pool.give(bytes);
  }
  return new Map(
    [...found].map(([stage, nanoseconds]) => [stage, median(nanoseconds.slice(WARM_UP_ROUNDS))]),
  );
}
