import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { EnrichedEvent } from '../enrich/event.ts';
import { redactArguments } from '../enrich/redact.ts';
import { MemwardenError } from '../errors.ts';
import { ENRICHED_EVENT } from './event-codec.ts';
import { type FlagArchitecture, HOST_ARCHITECTURE, translateOpenFlags } from './open-flags.ts';

/*
 * A recording is a text of JSON lines, each `{"crc":"<8 hex digits>","<what>":…}` with the CRC-32 of the text after the
 * second colon, without the closing brace:
 *
 *   header  first line: format, version, architecture
 *   event   one event, with what was known of both sides when it happened: nothing can be looked up where it is replayed
 *   end     last line: number of events; missing when the recorder was killed or the file was cut
 */

const FORMAT = 'memwarden-recording';
const VERSION = 1;
const LINE = /^\{"crc":"([0-9a-f]{8})","(header|event|end)":(.*)\}$/s;

/** Text that is gathered before it is written, characters: an event is about 1,000. */
const WRITE_LENGTH = 65_536;

export interface RecorderOptions {
  /** Replace what looks like a secret in the arguments that the kernel recorded. Default: true. */
  readonly redact?: boolean;
}

/** Writes events to a file. */
export interface Recorder {
  /** @throws {MemwardenError} RECORDING_INVALID when the file cannot be written. */
  record(event: EnrichedEvent): void;
  /** Write what is left and the closing line. */
  close(): void;
}

interface Header {
  readonly format: string;
  readonly version: number;
  readonly architecture: FlagArchitecture;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function line(what: 'header' | 'event' | 'end', value: unknown): string {
  const text = JSON.stringify(value);
  return `{"crc":"${checksum(text)}","${what}":${text}}\n`;
}

function failure(verb: string, path: string, cause: string, hint?: string, error?: unknown): MemwardenError {
  return new MemwardenError('RECORDING_INVALID', `failed to ${verb} recording ${path}: ${cause}`, hint, {
    cause: error,
  });
}

/**
 * Start a recording; the file must not exist yet, and only its owner may read it.
 *
 * @throws {MemwardenError} RECORDING_INVALID when the file exists or cannot be written.
 */
export function createRecorder(path: string, options: RecorderOptions = {}): Recorder {
  const redact = options.redact ?? true;

  function attempt<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw failure('write', path, cause, 'try another file name, or a disk with space left', error);
    }
  }

  const file = attempt(() => openSync(path, 'wx', 0o600));
  let pending = line('header', {
    format: FORMAT,
    version: VERSION,
    architecture: HOST_ARCHITECTURE,
  } satisfies Header);
  let events = 0;

  function flush(): void {
    const text = Buffer.from(pending);
    pending = '';
    attempt(() => {
      for (let written = 0; written < text.length; ) written += writeSync(file, text, written);
    });
  }

  function record(event: EnrichedEvent): void {
    const { actor } = event;
    const told = redact
      ? { ...event, actor: { ...actor, arguments: redactArguments(actor.arguments) } }
      : event;
    pending += line('event', ENRICHED_EVENT.encode(told));
    events += 1;
    if (pending.length >= WRITE_LENGTH) flush();
  }

  function close(): void {
    pending += line('end', { events });
    try {
      flush();
    } finally {
      closeSync(file);
    }
  }

  return { record, close };
}

/** Lines of a file with whether each was closed by a line feed. */
async function* linesOf(path: string): AsyncGenerator<{ text: string; complete: boolean }> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) yield { text, complete: true };
  }
  if (rest !== '') yield { text: rest, complete: false };
}

/** Content of a line; undefined when it is not what was written. */
function contentOf(text: string): { what: string; value: unknown } | undefined {
  const [, crc, what = '', json = ''] = LINE.exec(text) ?? [];
  return crc === undefined || crc !== checksum(json) ? undefined : { what, value: JSON.parse(json) };
}

function headerOf(path: string, text: string | undefined): Header {
  const content = text === undefined ? undefined : contentOf(text);
  const header = content?.what === 'header' ? (content.value as Header) : undefined;
  if (header?.format !== FORMAT)
    throw failure('read', path, 'it is no recording', 'try a file made by `memwarden record`');
  if (header.version > VERSION)
    throw failure(
      'read',
      path,
      `it has version ${header.version} and this program reads up to version ${VERSION}`,
      'try the version of memwarden that made it, or a newer one',
    );
  return header;
}

/**
 * Open a recording for replay.
 *
 * @returns its events in order; after the last complete one RECORDING_INVALID is thrown when the file is cut short or
 * damaged
 * @throws {MemwardenError} RECORDING_INVALID when the file cannot be read, is no recording, or is of a newer version.
 */
export async function openRecording(path: string): Promise<AsyncIterable<EnrichedEvent>> {
  const lines = linesOf(path);
  let header: Header;
  try {
    header = headerOf(path, (await lines.next()).value?.text);
  } catch (error) {
    await lines.return(undefined);
    if (error instanceof MemwardenError) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw failure('read', path, cause, 'try the path of a file made by `memwarden record`', error);
  }
  const { architecture } = header;

  async function* events(): AsyncGenerator<EnrichedEvent> {
    let number = 1;
    let count = 0;
    const broken = (why: string) =>
      failure('read', path, `line ${number} ${why}; the ${count} events before it are complete`);
    for await (const { text, complete } of lines) {
      number += 1;
      const content = contentOf(text);
      if (content === undefined) throw broken(complete ? 'is damaged' : 'is cut short');
      if (content.what === 'end') {
        if ((content.value as { events: number }).events !== count)
          throw broken('counts other events than there are');
        return;
      }
      yield decode(content.value, broken);
      count += 1;
    }
    number += 1;
    throw broken('is missing: the file was cut short, or its recorder was killed');
  }

  function decode(value: unknown, broken: (why: string) => Error): EnrichedEvent {
    let event: EnrichedEvent;
    try {
      event = ENRICHED_EVENT.decode(value, 'event');
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw broken(`has no valid event: ${error.message}`);
    }
    const isOpen = event.method !== 'ptrace';
    const flags = isOpen ? translateOpenFlags(event.flags, architecture, HOST_ARCHITECTURE) : event.flags;
    return { ...event, flags };
  }

  return events();
}
