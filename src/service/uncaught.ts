import { framesOf } from '../printing/describe-error.ts';
import { standardError } from '../standard-streams/standard-error.ts';
import { diagnosticLine } from './diagnostics.ts';
import { endProcess } from './end-process.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const ROOT = new URL('../../', import.meta.url).href;

/** An end in order, as far as an error that nobody caught concerns it. */
export interface OrderlyEnd {
  /** Resolves with what to say when the error has come. */
  readonly reason: Promise<string>;
  /** To be called when all is closed. @returns the exit status: that of a failure after an error */
  finish(code: ExitCode): ExitCode;
}

let onFirst: ((reason: string) => void) | undefined;

/** From now on an error of a timer, a callback, a promise or an emitter is told with its place, and ends the process. */
export function reportUncaughtErrors(): void {
  if (!process.listeners('uncaughtException').includes(report)) process.on('uncaughtException', report);
}

/** Has the next such error ask for an end in order, whose time the caller watches; one more ends the process at once. */
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
  // not through the logger: no level may silence it, and before there are settings there is no logger
  standardError.write(`${diagnosticLine('error', ['cli', describeUncaught(error)], new Date())}\n`);
  if (onFirst === undefined) void endProcess(() => EXIT.failure);
  else onFirst('an error that nobody caught');
}

/** For example "failed unexpectedly: EIO: i/o error, read (at src/accounting/loss-watch.ts:31:7)". Anything can be thrown. */
export function describeUncaught(error: unknown): string {
  if (!(error instanceof Error)) return `failed unexpectedly: ${String(error)}`;
  const frames = framesOf(error);
  // where it was made may be deep in a library; where we called that is what a reader can look at
  const frame =
    frames.find(line => line.includes(`${ROOT}src/`) || line.includes(`${ROOT}dist/`)) ?? frames[0];
  const place = frame?.replace(/^.*?at (?:.*\((.*)\)|(.*))$/, '$1$2').replace(ROOT, '');
  return `failed unexpectedly: ${error.message}${place === undefined ? '' : ` (at ${place})`}`;
}
