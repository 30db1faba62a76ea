import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { styleText } from 'node:util';
import { escapeText } from '../../printing/escape.ts';
import type { WriteResult } from '../../standard-streams/descriptor-writer.ts';
import type { RecordOutput } from '../../standard-streams/record-output.ts';
import { readableLine } from '../../telemetry/console/readable-line.ts';
import { OTEL } from '../../telemetry/record/attributes.ts';
import { type ConsoleRecord, parseConsoleRecord } from './console-record.ts';
import { details } from './details.ts';
import { isWanted, type RecordFilter } from './record-filter.ts';

export interface ViewerOptions {
  readonly filter: RecordFilter;
  /** Print the records themselves, one JSON object a line. */
  readonly json: boolean;
  /** Print attributes below each sentence. */
  readonly details: boolean;
  readonly output: RecordOutput;
}

/** Longest line that can be a record, characters: a record has some thousand. */
const LINE_LENGTH_MAX = 1024 * 1024;

/** The line unchanged but for escapes. Only strings can need one; tabs and returns between tokens become blanks. */
function printableJson(line: string): string {
  return escapeText(line.replace(/[\t\r]/g, ' ').trim());
}

/**
 * Takes the console exporter's lines, from the exporter itself or as a stream of bytes, and prints the records that pass
 * the filter. Backpressure of the output reaches the source.
 */
export class Viewer extends Writable {
  readonly counts = { shown: 0, hidden: 0, noRecord: 0 };
  readonly #options: ViewerOptions;
  readonly #decoder = new StringDecoder('utf8');
  #details: boolean;
  #rest = '';
  #last: ConsoleRecord | undefined;

  constructor(options: ViewerOptions) {
    super();
    this.#options = options;
    this.#details = options.details;
  }

  /** What the console exporter writes to in place of stdout. */
  get input(): RecordOutput {
    const { output } = this.#options;
    return {
      stream: output.stream,
      isReaderGone: error => output.isReaderGone(error),
      abandon: () => output.abandon(),
      write: async bytes => {
        const { error } = await this.#pass(bytes);
        // all of the block or nothing: hidden records have no position in the output
        return { bytes: error === undefined ? bytes.length : 0, error };
      },
    };
  }

  /** Switches details on or off. Switched on, those of the last record are printed at once. */
  toggleDetails(): void {
    this.#details = !this.#details;
    if (this.#details && this.#last !== undefined) this.#print(this.#detailsOf(this.#last));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#pass(chunk).then(({ error }) => done(error));
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#print(this.#show(this.#rest + this.#decoder.end())).then(({ error }) => done(error));
  }

  #pass(chunk: Uint8Array): Promise<WriteResult> {
    const [first = '', ...more] = this.#decoder.write(Buffer.from(chunk)).split('\n');
    let shown = '';
    this.#add(first);
    for (const next of more) {
      shown += this.#show(this.#rest);
      this.#rest = next;
    }
    return this.#print(shown);
  }

  #print(text: string): Promise<WriteResult> {
    return this.#options.output.write(Buffer.from(text));
  }

  /** Bounds the memory for a line that is too long to be a record: the part that is kept is no valid JSON. */
  #add(text: string): void {
    if (this.#rest.length <= LINE_LENGTH_MAX) this.#rest += text;
  }

  #show(line: string): string {
    if (line === '') return '';
    const record = parseConsoleRecord(line);
    if (record === undefined) {
      this.counts.noRecord += 1;
      return '';
    }
    if (!isWanted(record, this.#options.filter)) {
      this.counts.hidden += 1;
      return '';
    }
    this.counts.shown += 1;
    if (this.#options.json) return `${printableJson(line)}\n`;
    this.#last = record;
    const id = record.attributes[OTEL.SECURITY_RULE_UUID];
    const parts = { ...record, id: typeof id === 'string' ? id : undefined };
    const detailed = this.#details ? this.#detailsOf(record) : '';
    return `${readableLine(parts, this.#options.output.stream)}\n${detailed}`;
  }

  #detailsOf(record: ConsoleRecord): string {
    return details(record)
      .map(line => `${styleText('dim', `    ${line}`, { stream: this.#options.output.stream })}\n`)
      .join('');
  }
}
