import type { TestContext } from 'node:test';
import { type DiagLogFunction, diag } from '@opentelemetry/api';

/** What is logged until the test is over, a line a message, as it is logged. */
export function captureDiagnostics(t: TestContext): readonly string[] {
  const lines: string[] = [];
  const add: DiagLogFunction = (...words) => lines.push(words.join(' '));
  diag.setLogger(
    { error: add, warn: add, info: add, debug: add, verbose: add },
    { suppressOverrideMessage: true },
  );
  t.after(() => diag.disable());
  return lines;
}
