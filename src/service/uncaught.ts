import { framesOf } from '../printing/describe-error.ts';
import { standardError } from '../standard-streams/standard-error.ts';
import { diagnosticLine } from './diagnostics.ts';
import { endProcess } from './end-process.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const ROOT = new URL('../../', import.meta.url).href;

/** An orderly end after an uncaught error. */
export interface OrderlyEnd {
  /** Resolves at the first uncaught error, with the text for the log. */
  readonly reason: Promise<string>;
  /** To be called when everything is closed. @returns `code`, or 1 after an uncaught error */
  finish(code: ExitCode): ExitCode;
}

let onFirst: ((reason: string) => void) | undefined;

/** From now on an uncaught error of a timer, callback, promise or emitter is printed with its place and ends the process. */
export function reportUncaughtErrors(): void {
  if (!process.listeners('uncaughtException').includes(report)) process.on('uncaughtException', report);
}

/** The next uncaught error requests an orderly end, whose deadline is the caller's; one more ends the process at once. */
export function endInOrderAfterUncaughtError(): OrderlyEnd {
  reportUncaughtErrors();
  const { promise, resolve } = Promise.withResolvers<string>();
  let failed = false;
  onFirst = reason => {
    onFirst = undefined;
    failed = true;
    resolve(reason);
  };
  return {
    reason: promise,
    finish: code => {
      onFirst = undefined;
      return failed ? EXIT.failure : code;
    },
  };
}

function report(error: unknown): void {
  // not through the logger, which a level can silence and which does not exist before the settings are loaded
  standardError.write(`${diagnosticLine('error', ['cli', describeUncaught(error)], new Date())}\n`);
  if (onFirst === undefined) void endProcess(() => EXIT.failure);
  else onFirst('an uncaught error');
}

/**
 * For example "failed unexpectedly: EIO: i/o error, read (at src/accounting/loss-watch.ts:31:7)". Anything can be thrown.
 */
export function describeUncaught(error: unknown): string {
  if (!(error instanceof Error)) return `failed unexpectedly: ${String(error)}`;
  const frames = framesOf(error);
  // the innermost frame may be deep in a library: the first one of this project is what a reader can look up
  const frame =
    frames.find(line => line.includes(`${ROOT}src/`) || line.includes(`${ROOT}dist/`)) ?? frames[0];
  const place = frame?.replace(/^.*?at (?:.*\((.*)\)|(.*))$/, '$1$2').replace(ROOT, '');
  return `failed unexpectedly: ${error.message}${place === undefined ? '' : ` (at ${place})`}`;
}
