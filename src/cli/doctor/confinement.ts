import { type Confinement, confine } from '../../service/confinement/confine.ts';
import { describeConfinement, LIBPSX_ADVICE } from '../../service/confinement/start-confined.ts';
import type { Check } from './check.ts';

/** Whether the Linux capabilities that only the start needs can be dropped. Drops them to find out. */
export function confinementCheck(): Check {
  const name = 'after the start';
  let confinement: Confinement;
  try {
    confinement = confine();
  } catch (error) {
    // `run` goes on in this case, with more rights than it needs
    return { name, status: 'warning', detail: `failed to give up capabilities: ${error}` };
  }
  const detail = describeConfinement(confinement);
  return confinement.unconfinedThreads === 0
    ? { name, status: 'ok', detail }
    : { name, status: 'warning', detail, advice: LIBPSX_ADVICE };
}
