import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExportOutcome } from '../../../../src/telemetry/otlp/export-outcome.ts';
import type { OtlpTransport } from '../../../../src/telemetry/otlp/transport.ts';

export const ACCEPTED = { kind: 'accepted', rejected: 0, message: '' } as const satisfies ExportOutcome;
export const FAILED = { kind: 'retry', reason: 'UNAVAILABLE: away' } as const satisfies ExportOutcome;

/** A request, answered by the test or not. */
export interface Sent {
  /** The buffer itself, which must not change before the answer. */
  readonly request: Buffer;
  /** A copy of the buffer at the time of sending. */
  readonly asSent: Buffer;
  answer(outcome: ExportOutcome): Promise<void>;
}

/** A transport whose responses are given by the test, one by one. */
export class FakeTransport implements OtlpTransport {
  readonly address = 'collector:4317';
  readonly sent: Sent[] = [];
  closed = false;
  /** If set, every request is answered with it at once. */
  reply: ((request: Buffer) => ExportOutcome) | undefined;

  send(request: Buffer): Promise<ExportOutcome> {
    const { promise, resolve } = Promise.withResolvers<ExportOutcome>();
    const answer = (outcome: ExportOutcome): Promise<void> => {
      resolve(outcome);
      return nextTurn();
    };
    this.sent.push({ request, asSent: Buffer.from(request), answer });
    if (this.reply !== undefined) resolve(this.reply(request));
    return promise;
  }

  close(): void {
    this.closed = true;
  }
}

/** Fake timers and a fake performance.now(), advanced by the test. */
export class Clock {
  #millis = 1_000;
  readonly #t: TestContext;

  constructor(t: TestContext) {
    this.#t = t;
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    t.mock.method(performance, 'now', () => this.#millis);
    // the longest wait within a step
    t.mock.method(Math, 'random', () => 1);
  }

  async pass(millis: number): Promise<void> {
    this.#millis += millis;
    this.#t.mock.timers.tick(millis);
    await nextTurn();
  }
}

/** An encoded record of this many bytes in total. */
export function encodedRecord(bytes: number, fill = 1): Buffer {
  const record = Buffer.alloc(bytes, fill);
  const content = bytes - (bytes > 129 ? 3 : 2);
  record[0] = 0x12;
  if (bytes > 129) {
    record[1] = (content & 0x7f) | 0x80;
    record[2] = content >> 7;
  } else {
    record[1] = content;
  }
  return record;
}
