import { diag } from '@opentelemetry/api';

const log = diag.createComponentLogger({ namespace: 'capture' });

/** A sidecar that no longer captures must not look alive: it ends, and whoever started it starts it again. */
export function stopAfterFailure(error: unknown): void {
  log.error('the capture failed, stopping', error);
  process.exitCode = 1;
  process.kill(process.pid, 'SIGTERM');
}
