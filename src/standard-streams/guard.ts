import { standardError } from './standard-error.ts';

/** What became of what the commands printed. */
export interface StreamsGuard {
  /** Something could not be written to stdout although somebody wanted it. */
  readonly isOutputLost: boolean;
}

/**
 * Keeps an error of stdout or stderr from ending the process as an uncaught one. A reader that has gone had enough, as
 * with `memwarden config show | head -1`; anything else is an error of the command.
 */
export function guardStandardStreams(): StreamsGuard {
  let isOutputLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const isReaderGone = error.code === 'EPIPE' || (error.code === 'EIO' && process.stdout.isTTY);
    if (isReaderGone || isOutputLost) return;
    isOutputLost = true;
    standardError.write(`memwarden: failed to write to stdout: ${error.message}\n`);
  });
  // there is nowhere to say it: the exit status is all that is left
  process.stderr.on('error', () => undefined);
  return {
    get isOutputLost() {
      return isOutputLost;
    },
  };
}
