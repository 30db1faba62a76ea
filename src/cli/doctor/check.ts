import { MemwardenError } from '../../errors.ts';

/** One answer of the doctor. */
export interface Check {
  readonly name: string;
  /** `failed`: memwarden cannot do its work; `warning`: it can, with less. */
  readonly status: 'ok' | 'warning' | 'failed';
  /** What was found. */
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** What a check came to that could not be made. @throws what is no error for a person */
export function failedCheck(name: string, error: unknown): Check {
  if (!(error instanceof MemwardenError)) throw error;
  const advice = error.hint === undefined ? {} : { advice: error.hint };
  return { name, status: 'failed', detail: error.message, ...advice };
}
