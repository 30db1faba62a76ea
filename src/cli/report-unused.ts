import { diag } from '@opentelemetry/api';
import type { Settings } from '../config/index.ts';
import { unusedVariables } from '../config/unused-variables.ts';

const log = diag.createComponentLogger({ namespace: 'cli' });

/** Says which variables of OpenTelemetry are set in vain, before anything is started. */
export function reportUnusedVariables(
  env: NodeJS.ProcessEnv,
  { telemetry }: Pick<Settings, 'telemetry'>,
): void {
  for (const sentence of unusedVariables(env, telemetry.delivery.mode)) log.warn(sentence);
}
