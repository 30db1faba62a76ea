import type { Settings } from '../../config/index.ts';
import { MemwardenError } from '../../errors.ts';
import { createTransport } from '../../telemetry/otlp/create-transport.ts';
import type { ExportOutcome } from '../../telemetry/otlp/export-outcome.ts';
import type { Check } from './check.ts';

/** An ExportLogsServiceRequest without records is empty; a collector answers it and stores nothing. */
const NO_RECORDS = Buffer.alloc(0);

/** Whether the collector would take records (address, certificates, headers, protocol), found out by an empty request. */
export async function collectorCheck({ exporter, otlp }: Settings['telemetry']): Promise<Check> {
  if (exporter !== 'otlp')
    return { name: 'collector', status: 'ok', detail: `not used: exporter is ${exporter}` };
  try {
    const transport = createTransport(otlp);
    const outcome = await transport.send(NO_RECORDS);
    transport.close();
    return checkOf(transport.address, outcome);
  } catch (error) {
    // a certificate or header file that cannot be read is a failed check, not the end of the command
    if (!(error instanceof MemwardenError)) throw error;
    return failed(error.message, error.hint);
  }
}

function checkOf(address: string, outcome: ExportOutcome): Check {
  switch (outcome.kind) {
    case 'accepted':
      return { name: 'collector', status: 'ok', detail: `${address} takes records` };
    case 'retry':
      return failed(
        `${address}: ${outcome.reason}`,
        'start the collector, or name another with --endpoint or OTEL_EXPORTER_OTLP_ENDPOINT',
      );
    case 'refused':
      return failed(
        `${address} refuses records: ${outcome.code}, ${outcome.reason}`,
        'look at telemetry.otlp in memwarden config show: protocol, path, headers and certificates',
      );
  }
}

function failed(detail: string, advice: string | undefined): Check {
  return { name: 'collector', status: 'failed', detail, ...(advice === undefined ? {} : { advice }) };
}
