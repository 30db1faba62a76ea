import { MemwardenError } from '../../errors.ts';

/** One check of `memwarden doctor`. */
export interface Check {
  readonly name: string;
  /** `failed`: memwarden cannot do its work; `warning`: it can, with less. */
  readonly status: 'ok' | 'warning' | 'failed';
  /** What was found. */
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** The result of a check that could not be made. @throws the error itself where it is not one of the catalogue */
export function failedCheck(name: string, error: unknown): Check {
  if (!(error instanceof MemwardenError)) throw error;
  const advice = error.hint === undefined ? {} : { advice: error.hint };
  return { name, status: 'failed', detail: error.message, ...advice };
}
