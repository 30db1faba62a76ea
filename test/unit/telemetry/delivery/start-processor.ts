import type { TestContext } from 'node:test';
import { createOtlpProcessor } from '../../../../src/telemetry/delivery/create-otlp-processor.ts';
import type { OtlpProcessor } from '../../../../src/telemetry/delivery/otlp-processor.ts';
import {
  type DeliveryOptions,
  type OtlpOptions,
  TELEMETRY_DEFAULTS,
} from '../../../../src/telemetry/options.ts';
import { createResource } from '../../../../src/telemetry/record/resource.ts';
import { SPOOL_DEFAULTS } from '../../../../src/telemetry/spool/options.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { BOOT_ID } from '../spool/spool-builder.ts';

/** Timeout for a wait that an event ends: longer than the test runner's own, which takes effect first. */
export const NEVER_MILLIS = 3_600_000;

const QUICK: Partial<DeliveryOptions> = {
  scheduleDelayMillis: 10,
  retryInitialMillis: 20,
  retryMaxMillis: 100,
};

/**
 * A processor with short waits between attempts and practically no request timeout. It is shut down at the end of the test
 * at the latest, because the timers of a processor that a failed test left would keep the test process alive.
 */
export function startProcessor(
  t: TestContext,
  otlp: Partial<OtlpOptions>,
  delivery: Partial<DeliveryOptions> = {},
  directory = temporaryDirectory(t),
): OtlpProcessor {
  const processor = createOtlpProcessor(
    {
      ...TELEMETRY_DEFAULTS,
      otlp: { ...TELEMETRY_DEFAULTS.otlp, timeoutMillis: NEVER_MILLIS, ...otlp },
      delivery: { ...TELEMETRY_DEFAULTS.delivery, ...QUICK, ...delivery },
      spool: { ...SPOOL_DEFAULTS, directory },
    },
    createResource({}),
    BOOT_ID,
  );
  const shutdown = t.mock.method(processor, 'shutdown');
  t.after(async () => {
    if (shutdown.mock.callCount() === 0) await processor.shutdown(0);
  });
  return processor;
}
