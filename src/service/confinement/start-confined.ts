import { diag } from '@opentelemetry/api';
import type { Settings } from '../../config/index.ts';
import type { Service } from '../service.ts';
import { type Confinement, confine } from './confine.ts';

const log = diag.createComponentLogger({ namespace: 'confinement' });

/** How to get a libpsx that reaches every thread. */
export const LIBPSX_ADVICE =
  'install libcap 2.75 or newer (libcap2 of Debian 13), or run the container image, which has it';

/** Starts a service with all capabilities of the process, then drops those that only the start needs. */
export async function startConfined(
  start: () => Promise<Service>,
  { telemetry }: Settings,
): Promise<Service> {
  const running = await start();
  try {
    logConfinement(confine(telemetry.exporter === 'otlp' ? telemetry.spool.directory : undefined));
  } catch (error) {
    // it works all the same, with more rights than it needs
    log.warn('failed to give up capabilities, they are kept:', error);
  }
  return running;
}

/** For example "all 12 threads keep CAP_SYS_PTRACE and no more". */
export function describeConfinement({ kept, threads, unconfinedThreads, reason }: Confinement): string {
  const names = kept.map(({ name }) => name).join(', ') || 'no capability';
  if (unconfinedThreads === 0) return `all ${threads} threads keep ${names} and no more`;
  return `${unconfinedThreads} of ${threads} threads keep more than ${names}: ${reason}`;
}

function logConfinement(confinement: Confinement): void {
  const what = describeConfinement(confinement);
  if (confinement.unconfinedThreads === 0) log.info(what);
  else log.warn(`${what}; ${LIBPSX_ADVICE}`);
}
