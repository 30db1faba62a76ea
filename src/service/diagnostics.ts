import { inspect, styleText } from 'node:util';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import type { Settings } from '../config/index.ts';
import { MemwardenError } from '../errors.ts';
import { summarizeError } from '../printing/describe-error.ts';
import { printable } from '../printing/printable.ts';
import { standardError } from '../standard-streams/standard-error.ts';

export type DiagnosticsLevel = Settings['diagnostics']['level'];

type Severity = 'error' | 'warn' | 'info' | 'debug' | 'verbose';

const LEVELS: Readonly<Record<DiagnosticsLevel, DiagLogLevel>> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
};

const STYLES = {
  error: 'red',
  warn: 'yellow',
  info: 'green',
  debug: 'cyan',
  verbose: 'gray',
} as const;

/** Has the diagnostics of every stage written to stderr, one line each; stdout is for records. */
export function setDiagnostics(level: DiagnosticsLevel): void {
  const write =
    (severity: Severity) =>
    (...words: unknown[]): void => {
      standardError.write(`${diagnosticLine(severity, words, new Date())}\n`);
    };
  const logger: DiagLogger = {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    verbose: write('verbose'),
  };
  diag.setLogger(logger, {
    logLevel: LEVELS[level],
    suppressOverrideMessage: true,
  });
}

/**
 * Time, severity, namespace, message. A component logger puts its namespace before the message; a bare `diag` call does not.
 * Colours only where stderr is a terminal and NO_COLOR is not set.
 */
export function diagnosticLine(severity: Severity, words: readonly unknown[], time: Date): string {
  const [first, ...rest] = words;
  const hasNamespace = rest.length > 0 && typeof first === 'string' && /^[\w@./-]+$/.test(first);
  const parts = (hasNamespace ? rest : words).map(word => (typeof word === 'string' ? word : describe(word)));
  const level = styleText(STYLES[severity], severity.toUpperCase().padEnd(5), {
    stream: process.stderr,
  });
  const namespace = hasNamespace ? `${first}: ` : '';
  return `${time.toISOString()} ${level} ${printable(`${namespace}${parts.join(' ')}`)}`;
}

function describe(word: unknown): string {
  if (word instanceof MemwardenError) return word.message;
  if (word instanceof Error) return summarizeError(word);
  return inspect(word, { breakLength: Number.POSITIVE_INFINITY, depth: 4 });
}
