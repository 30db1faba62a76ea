import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { WriteResult } from '../../../../src/standard-streams/descriptor-writer.ts';
import type { RecordOutput } from '../../../../src/standard-streams/record-output.ts';
import { ConsoleProcessor } from '../../../../src/telemetry/console/processor.ts';

const NO_SPACE = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
const GONE = Object.assign(new Error('broken pipe'), { code: 'EPIPE' });

/** Accepts a limited number of bytes, then fails. */
class LimitedOutput implements RecordOutput {
  readonly stream = process.stdout;
  text = '';
  room = Number.POSITIVE_INFINITY;
  error: NodeJS.ErrnoException = NO_SPACE;

  async write(bytes: Uint8Array): Promise<WriteResult> {
    const taken = bytes.subarray(0, Math.min(this.room, bytes.length));
    this.text += Buffer.from(taken).toString();
    this.room -= taken.length;
    return { bytes: taken.length, error: taken.length < bytes.length ? this.error : undefined };
  }

  abandon(): void {
    this.room = 0;
  }

  isReaderGone({ code }: NodeJS.ErrnoException): boolean {
    return code === 'EPIPE';
  }
}

function start(onClosed: () => void = () => undefined) {
  const output = new LimitedOutput();
  const processor = new ConsoleProcessor(output, ({ body }) => String(body), onClosed);
  const logger = new LoggerProvider({ processors: [processor] }).getLogger('test');
  const emit = async (...bodies: string[]) => {
    for (const body of bodies) logger.emit({ body });
    await processor.persist();
  };
  return { output, processor, emit };
}

/** Collects the log messages during a test. */
function logged(): string[] {
  const lines: string[] = [];
  const log = (...words: unknown[]) => void lines.push(words.join(' '));
  const logger: DiagLogger = { error: log, warn: log, info: log, debug: log, verbose: log };
  diag.setLogger(logger, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
  return lines;
}

describe('the console exporter on a disk that is full for a while', () => {
  it('counts the records that do not fit, including the truncated one, and continues on a new line', async () => {
    const { output, processor, emit } = start();
    const lines = logged();
    output.room = 'one\ntw'.length;
    await emit('one', 'two', 'three');
    await emit('four');
    output.room = Number.POSITIVE_INFINITY;
    await emit('five');

    assert.equal(output.text, 'one\ntw\nfive\n');
    const { emitted, accepted, spooled, evicted } = processor.counts();
    assert.deepEqual(
      { emitted, accepted, spooled, output: evicted.output },
      { emitted: 5, accepted: 2, spooled: 0, output: 3 },
    );
    assert.equal(processor.lost, 3);
    const said = lines.flatMap(
      line => /failed to write|can be written again; 3 records are lost/.exec(line)?.[0] ?? [],
    );
    assert.deepEqual(said, ['failed to write', 'can be written again; 3 records are lost']);
  });

  it('reports a problem meanwhile', async () => {
    const { output, processor, emit } = start();
    output.room = 0;
    await emit('one');
    assert.match(processor.problems().spool ?? '', /no space left/);
    output.room = Number.POSITIVE_INFINITY;
    await emit('two');
    assert.equal(processor.problems().spool, undefined);
  });
});

describe('the console exporter whose reader has gone', () => {
  it('logs it once, and does not count later records as lost', async () => {
    let closed = 0;
    const { output, processor, emit } = start(() => closed++);
    output.error = GONE;
    output.room = 0;
    await emit('one');
    await emit('two');
    assert.equal(closed, 1);
    assert.equal(processor.counts().evicted.output, 2);
    assert.equal(processor.lost, 0);
  });
});
