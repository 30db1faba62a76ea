import { standardError } from './standard-error.ts';

/** Whether the commands' output was written. */
export interface StreamsGuard {
  /** A write to stdout has failed although its reader was there. */
  readonly hasOutputFailed: boolean;
}

/**
 * Keeps an error of stdout or stderr from ending the process as an uncaught one. That the reader has gone is no error, as in
 * `memwarden config show | head -1`; anything else is.
 */
export function guardStandardStreams(): StreamsGuard {
  let hasOutputFailed = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const isReaderGone = error.code === 'EPIPE' || (error.code === 'EIO' && process.stdout.isTTY);
    if (isReaderGone || hasOutputFailed) return;
    hasOutputFailed = true;
    standardError.write(`memwarden: failed to write to stdout: ${error.message}\n`);
  });
  // ignored: there is no other stream to report it to
  process.stderr.on('error', () => undefined);
  return {
    get hasOutputFailed() {
      return hasOutputFailed;
    },
  };
}
