import { diag } from '@opentelemetry/api';
import type { Settings } from '../config/index.ts';
import { unusedVariables } from '../config/unused-variables.ts';

const log = diag.createComponentLogger({ namespace: 'cli' });

/** Logs a warning for each variable of OpenTelemetry that is set and has no effect. */
export function reportUnusedVariables(
  env: NodeJS.ProcessEnv,
  { telemetry }: Pick<Settings, 'telemetry'>,
): void {
  for (const sentence of unusedVariables(env, telemetry.delivery.mode)) log.warn(sentence);
}
