import { printable } from './printing/printable.ts';

/**
 * Stable names of the errors that a user can act on. A code never changes its meaning: scripts and runbooks match on it.
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
 * An error for a user: `message` reads "failed to <verb> <object>: <cause>", `hint` says what to try. Both are safe to
 * print. Pass a text of several lines as an array: a line feed within one line may come from an attacker and is escaped.
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
