import type { Resource } from '@opentelemetry/resources';
import type { TelemetryOptions } from '../options.ts';
import { BufferPool } from '../otlp/buffer-pool.ts';
import { createTransport } from '../otlp/create-transport.ts';
import { DetectionEncoder } from '../otlp/detection-encoder.ts';
import { SPOOL_DEFAULTS } from '../spool/options.ts';
import { Spool } from '../spool/spool.ts';
import { SpoolDirectory } from '../spool/spool-directory.ts';
import { CollectorState } from './collector-state.ts';
import { contextOf } from './log-context.ts';
import { OtlpProcessor } from './otlp-processor.ts';
import { Sender } from './sender.ts';

/**
 * Reads the credentials and locks the spool directory, so that their errors come before anything is captured.
 * @returns a function that creates the processor: encoder → spool → sender → transport
 * @throws MemwardenError CONFIG_INVALID, CREDENTIALS_INVALID, SPOOL_INVALID
 */
export function prepareOtlpProcessor(
  { otlp, delivery, spool: spoolOptions }: TelemetryOptions,
  bootId: string,
): (resource: Resource) => OtlpProcessor {
  const transport = createTransport(otlp);
  const directory =
    spoolOptions === undefined ? undefined : new SpoolDirectory(spoolOptions.directory, bootId);
  return resource => {
    const spool = new Spool(spoolOptions ?? SPOOL_DEFAULTS, contextOf(resource), directory);
    const memory = new BufferPool();
    const sender = new Sender(spool, transport, delivery, new CollectorState(transport.address), memory);
    sender.wake();
    return new OtlpProcessor(new DetectionEncoder(bootId), spool, sender, delivery, memory);
  };
}

/** Prepares and creates a processor. @throws MemwardenError CONFIG_INVALID, CREDENTIALS_INVALID, SPOOL_INVALID */
export function createOtlpProcessor(
  options: TelemetryOptions,
  resource: Resource,
  bootId: string,
): OtlpProcessor {
  return prepareOtlpProcessor(options, bootId)(resource);
}
