/**
 * The sidecar without its kernel part: emits detections in rounds, as the pipeline does, and prints after each round the
 * last event that is durable. When it is started again it continues after that event, as the ring buffer's consumer would.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { StandardOutput } from '../../src/standard-streams/standard-output.ts';
import { TELEMETRY_DEFAULTS, type TelemetryOptions } from '../../src/telemetry/options.ts';
import { SPOOL_DEFAULTS } from '../../src/telemetry/spool/options.ts';
import { prepareTelemetry } from '../../src/telemetry/telemetry.ts';
import { buildDetection } from '../unit/telemetry/detection-builder.ts';
import type { PipelineOptions } from './pipeline.ts';

const { endpoint, directory, first, perRound, roundMillis, otlp, spool }: PipelineOptions = JSON.parse(
  process.argv[2] ?? '',
);
const options: TelemetryOptions = {
  ...TELEMETRY_DEFAULTS,
  otlp: { ...TELEMETRY_DEFAULTS.otlp, endpoint, timeoutMillis: 2_000, ...otlp },
  delivery: {
    ...TELEMETRY_DEFAULTS.delivery,
    scheduleDelayMillis: 100,
    retryInitialMillis: 100,
    retryMaxMillis: 1_000,
  },
  spool: { ...SPOOL_DEFAULTS, ...spool, directory },
};
const telemetry = prepareTelemetry(options, {
  output: new StandardOutput(),
  onOutputClosed: () => undefined,
})('none');

let stopping = false;
let sequence = first;
process.on('SIGTERM', () => {
  stopping = true;
});
process.on('SIGUSR2', () => {
  const now = Date.now;
  Date.now = () => now() - 3_600_000;
});
while (!stopping) {
  for (let i = 0; i < perRound; i++, sequence++) {
    telemetry.emit(buildDetection({ sequence: BigInt(sequence), timeNs: BigInt(sequence) * 1_000n }));
  }
  await telemetry.persist();
  process.stdout.write(`${JSON.stringify({ safe: sequence - 1, stats: telemetry.stats() })}\n`);
  await delay(roundMillis);
}
await telemetry.shutdown(20_000);
process.stdout.write(`${JSON.stringify({ safe: sequence - 1, stats: telemetry.stats() })}\n`);
