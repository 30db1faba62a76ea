import { printable } from './printing/printable.ts';

/**
 * The stable names of everything that can go wrong and that a person can do something about.
 * A code never changes its meaning: scripts and runbooks match on it.
 */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'CAPTURE_UNAVAILABLE'
  | 'CAPTURE_OBJECT_INVALID'
  | 'CREDENTIALS_INVALID'
  | 'DELIVERY_FAILED'
  | 'EXCEPTIONS_INVALID'
  | 'OUTPUT_FAILED'
  | 'SPOOL_INVALID'
  | 'RECORDING_INVALID';

/**
 * An error for a person: `message` reads "failed to <verb> <object>: <cause>", `hint` says what to try. Both may be
 * printed as they are. A text in several lines is given line by line: a line feed within one is somebody else's.
 */
export class MemwardenError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: ErrorCode,
    message: string | readonly string[],
    hint?: string | readonly string[],
    options?: ErrorOptions,
  ) {
    super(printableLines(message), options);
    this.name = 'MemwardenError';
    this.code = code;
    this.hint = hint === undefined ? undefined : printableLines(hint);
  }
}

function printableLines(text: string | readonly string[]): string {
  const lines = typeof text === 'string' ? [text] : text;
  return lines.map(line => printable(line)).join('\n');
}
