import { closeSync, createReadStream, lstatSync, openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  FLAG_ARCHITECTURES,
  type FlagArchitecture,
  HOST_ARCHITECTURE,
  translateOpenFlags,
} from '../detect/kernel-names/open-flags.ts';
import type { EnrichedEvent } from '../enrich/event.ts';
import { ENRICHED_EVENT } from '../enrich/event-codec.ts';
import { redactArguments } from '../enrich/redact.ts';
import { MemwardenError } from '../errors.ts';
import { describeFileType } from '../files/file-kind.ts';
import { hintOr } from '../files/file-refusal.ts';
import { openToRead } from '../files/read-file.ts';

/*
 * A recording is a text file of JSON lines, each `{"crc":"<8 hex digits>","<kind>":…}`. The CRC-32 is that of the text
 * after the second colon, without the closing brace. Kinds of line:
 *
 *   header  first line: format, version, architecture
 *   event   one event with everything known of actor and target at the time: a replay can look nothing up
 *   end     last line: number of events; missing when the recorder was killed or the file was cut
 */

const FORMAT = 'memwarden-recording';
const VERSION = 1;
const LINE = /^\{"crc":"([0-9a-f]{8})","(header|event|end)":(.*)\}$/s;

/** Text that is collected before a write, characters: an event has about 1,000. */
const WRITE_LENGTH = 65_536;

export interface RecorderOptions {
  /** Replace text that looks like a secret in the arguments that the kernel recorded. Default: true. */
  readonly redact?: boolean;
}

/** Writes events to a file. */
export interface Recorder {
  /** @throws {MemwardenError} RECORDING_INVALID when the file cannot be written. */
  record(event: EnrichedEvent): void;
  /** Write the rest and the end line. */
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
      throw failure('write', path, cause, 'another file name, or a disk with space left', error);
    }
  }

  // O_EXCL follows no symbolic link, not even a dangling one
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing !== undefined) {
    const what = `EEXIST: ${describeFileType(existing)} of user ${existing.uid} is there already`;
    throw failure('write', path, what, 'another file name, or remove it');
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
    const recorded = redact
      ? { ...event, actor: { ...actor, arguments: redactArguments(actor.arguments) } }
      : event;
    pending += line('event', ENRICHED_EVENT.encode(recorded));
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

/** Longest line that is read, characters: an event has a few thousand, the longest possible one some hundred thousand. */
const LINE_LENGTH_MAX = 1024 * 1024;

interface Line {
  readonly text: string;
  /** Why the line is not usable, as far as its length says. */
  readonly fault: string | undefined;
}

async function* readable(chunks: AsyncIterable<unknown>, path: string): AsyncGenerator<string> {
  try {
    for await (const chunk of chunks) yield String(chunk);
  } catch (error) {
    throw failure('read', path, error instanceof Error ? error.message : String(error), undefined, error);
  }
}

/** Lines of a file, up to the first that is too long or was not closed by a line feed. */
async function* linesOf(path: string): AsyncGenerator<Line> {
  const { file } = openToRead(path, false);
  // the stream closes the descriptor
  const chunks = createReadStream(path, { fd: file, encoding: 'utf8' });
  let rest = '';
  for await (const chunk of readable(chunks, path)) {
    const [first = '', ...more] = chunk.split('\n');
    rest += first;
    for (const next of more) {
      yield { text: rest, fault: undefined };
      rest = next;
    }
    if (rest.length > LINE_LENGTH_MAX) {
      yield { text: '', fault: `has more than ${LINE_LENGTH_MAX} characters` };
      return;
    }
  }
  if (rest !== '') yield { text: rest, fault: 'is cut short' };
}

/**
 * Content of a line; undefined when its form or its checksum is wrong.
 * @throws {SyntaxError} when the checksum is right and the content is no JSON
 */
function contentOf(text: string): { what: string; value: unknown } | undefined {
  const [, crc, what = '', json = ''] = LINE.exec(text) ?? [];
  return crc === undefined || crc !== checksum(json) ? undefined : { what, value: JSON.parse(json) };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** Content of the first line; undefined when it is no header of a recording. */
function headerContentOf(text: string): unknown {
  try {
    const content = contentOf(text);
    return content?.what === 'header' ? content.value : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function headerOf(path: string, text: string): Header {
  const header = headerContentOf(text);
  if (memberOf(header, 'format') !== FORMAT)
    throw failure('read', path, 'line 1: it is no recording', 'a file made by `memwarden record`');
  const version = memberOf(header, 'version');
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
    throw failure('read', path, 'line 1 has no valid header: version is not a whole number from 1');
  if (version > VERSION)
    throw failure(
      'read',
      path,
      `it has version ${version} and this program reads up to version ${VERSION}`,
      'the version of memwarden that made it, or a newer one',
    );
  const architecture = FLAG_ARCHITECTURES.find(known => known === memberOf(header, 'architecture'));
  if (architecture === undefined) {
    const known = FLAG_ARCHITECTURES.join(', ');
    throw failure('read', path, `line 1 has no valid header: architecture is not one of ${known}`);
  }
  return { format: FORMAT, version, architecture };
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
    header = headerOf(path, (await lines.next()).value?.text ?? '');
  } catch (error) {
    await lines.return(undefined);
    if (error instanceof MemwardenError) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    const hint = hintOr(error, 'the path of a file made by `memwarden record`');
    throw failure('read', path, cause, hint, error);
  }
  const { architecture } = header;

  async function* events(): AsyncGenerator<EnrichedEvent> {
    let number = 1;
    let count = 0;
    let ended = false;
    const broken = (why: string) =>
      failure('read', path, `line ${number} ${why}; the ${count} events before it are complete`);
    for await (const { text, fault } of lines) {
      number += 1;
      if (ended) throw broken('comes after the end of the recording');
      if (fault !== undefined) throw broken(fault);
      const content = parsed(text, broken);
      if (content === undefined) throw broken('is damaged');
      if (content.what === 'end') {
        if (memberOf(content.value, 'events') !== count) throw broken('counts other events than there are');
        ended = true;
      } else {
        yield decode(content.value, broken);
        count += 1;
      }
    }
    if (ended) return;
    number += 1;
    throw broken('is missing: the file was cut short, or its recorder was killed');
  }

  function parsed(text: string, broken: (why: string) => Error): ReturnType<typeof contentOf> {
    try {
      return contentOf(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      // the message of the SyntaxError is left out: it quotes the line
      throw broken('is no JSON, though its checksum is right');
    }
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
