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
