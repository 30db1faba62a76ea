import { EXIT } from '../../src/service/exit-codes.ts';

/** The expected messages where the kernel refuses a hook. */
export interface Refusal {
  /** The kernel's answer to the last program tried. */
  readonly answer: RegExp;
  /** What the sidecar must advise. */
  readonly advice: RegExp;
  /** Why the kernel answers so. */
  readonly cause: string;
}

const REPORTED = new RegExp(
  String.raw`^the sidecar ended with ${EXIT.kernel} .*^memwarden: failed to watch file_open: .*^  [\w+]+: \w+: (?<answer>[^\n]*)\ntry: (?<advice>.*\S)`,
  'ms',
);

/**
 * The kernel's last answer and the advice, from the output of a sidecar that ended with the status for a kernel that does
 * not allow the hook; undefined for any other end: a slow sidecar may log the same errors and go on.
 */
export function reportedRefusal(words: string): { answer: string; advice: string } | undefined {
  const { answer, advice } = REPORTED.exec(words)?.groups ?? {};
  return answer === undefined || advice === undefined ? undefined : { answer, advice };
}

export function isReported({ answer, advice }: Refusal, words: string): boolean {
  const reported = reportedRefusal(words);
  return reported !== undefined && answer.test(reported.answer) && advice.test(reported.advice);
}
