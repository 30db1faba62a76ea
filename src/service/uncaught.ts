import { framesOf } from '../printing/describe-error.ts';
import { standardError } from '../standard-streams/standard-error.ts';
import { diagnosticLine } from './diagnostics.ts';
import { endProcess, exit } from './end-process.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Longest time from the error to the end, ms: less than the 10 s that Docker waits before it kills. */
const STOP_MILLIS = 8_000;

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

/** The next uncaught error requests an orderly end, with a deadline; one more ends the process at once. */
export function endInOrderAfterUncaughtError(): OrderlyEnd {
  reportUncaughtErrors();
  const { promise, resolve } = Promise.withResolvers<string>();
  let deadline: NodeJS.Timeout | undefined;
  onFirst = reason => {
    onFirst = undefined;
    deadline = setTimeout(() => exit(EXIT.failure), STOP_MILLIS);
    resolve(reason);
  };
  return {
    reason: promise,
    finish: code => {
      onFirst = undefined;
      clearTimeout(deadline);
      return deadline === undefined ? code : EXIT.failure;
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
