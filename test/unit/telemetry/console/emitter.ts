/** Emits argv[2] detections through the console exporter, says "emitted" on stderr, then waits for the reader. */
import { StandardOutput } from '../../../../src/standard-streams/standard-output.ts';
import { TELEMETRY_DEFAULTS } from '../../../../src/telemetry/options.ts';
import { prepareTelemetry } from '../../../../src/telemetry/telemetry.ts';
import { buildActor } from '../../event-builder.ts';
import { buildDetection } from '../detection-builder.ts';

const telemetry = prepareTelemetry(
  { ...TELEMETRY_DEFAULTS, exporter: 'console', pretty: process.argv.includes('--pretty') },
  { output: new StandardOutput(), onOutputClosed: () => process.stderr.write('closed\n') },
)('none');
const hostile = buildActor({ executablePath: '/tmp/evil\u001b[2J\u202e' });
const detection = buildDetection(process.argv.includes('--hostile') ? { actor: hostile } : {});
for (let i = 0; i < Number(process.argv[2]); i++) telemetry.emit(detection);
process.stderr.write('emitted\n');
await telemetry.persist();
process.stderr.write(JSON.stringify(telemetry.stats()));
await telemetry.shutdown(1_000);
