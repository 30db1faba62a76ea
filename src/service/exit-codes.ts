import type { ErrorCode } from '../errors.ts';

/** Exit status of every command; docs/deployment.md has the table (`npm run docs`). */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  kernel: 3,
  collector: 4,
  hung: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done; for `run`: stopped by SIGTERM, SIGINT or SIGQUIT after everything was flushed or spooled; the reader of stdout has gone',
  failure:
    'failed while running; records could not be written or spooled; the end took longer than 8 s and was cut short',
  usage: 'wrong configuration, exceptions, recording or command line; nothing was started',
  kernel: 'the kernel, a capability or the BPF object does not allow what was asked for',
  collector: 'the collector cannot be reached or refuses the records; those of `replay` wait in the spool',
  hung: 'the event loop made no progress for 30 s, so nothing was watched; what had not been spooled is still in the kernel if the programs are pinned',
  interrupted: 'a second SIGTERM, SIGINT or SIGQUIT came before the flush was done',
};

/** The exit status for an error of the catalogue. */
export const EXIT_OF_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  CONFIG_INVALID: EXIT.usage,
  EXCEPTIONS_INVALID: EXIT.usage,
  CREDENTIALS_INVALID: EXIT.usage,
  RECORDING_INVALID: EXIT.usage,
  CAPTURE_UNAVAILABLE: EXIT.kernel,
  CAPTURE_OBJECT_INVALID: EXIT.kernel,
  DELIVERY_FAILED: EXIT.collector,
  OUTPUT_FAILED: EXIT.failure,
  SPOOL_INVALID: EXIT.failure,
};
