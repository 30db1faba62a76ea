import type { TestContext } from 'node:test';
import { type DiagLogger, diag } from '@opentelemetry/api';

/** The lines that are logged until the test is over, as they come. */
export function logged(t: TestContext): string[] {
  const lines: string[] = [];
  const log = (...words: unknown[]): void => {
    lines.push(words.slice(1).join(' '));
  };
  const logger: DiagLogger = { error: log, warn: log, info: log, debug: log, verbose: log };
  diag.setLogger(logger, { suppressOverrideMessage: true });
  t.after(() => diag.disable());
  return lines;
}
