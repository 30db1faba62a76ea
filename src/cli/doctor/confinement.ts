import { confine } from '../confinement/confine.ts';
import { describeConfinement, LIBPSX_ADVICE } from '../confinement/start-confined.ts';
import type { Check } from './check.ts';

/** Whether the capabilities that only the start needs can be given up. Gives them up to know it. */
export function confinementCheck(): Check {
  const confinement = confine();
  const detail = describeConfinement(confinement);
  return confinement.unconfinedThreads === 0
    ? { name: 'after the start', status: 'ok', detail }
    : { name: 'after the start', status: 'warning', detail, advice: LIBPSX_ADVICE };
}
