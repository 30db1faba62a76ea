import { diag } from '@opentelemetry/api';
import { unusedVariables } from '../config/unused-variables.ts';

const log = diag.createComponentLogger({ namespace: 'cli' });

/** Says which variables of OpenTelemetry are set in vain, before anything is started. */
export function reportUnusedVariables(env: NodeJS.ProcessEnv): void {
  for (const sentence of unusedVariables(env)) log.warn(sentence);
}
