import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { decodeOpenFlags, HOST_ARCHITECTURE } from '../../../src/detect/kernel-names/open-flags.ts';
import type { EnrichedEvent } from '../../../src/enrich/event.ts';
import { MemwardenError } from '../../../src/errors.ts';
import { createRecorder, openRecording } from '../../../src/recording/recording.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { buildActor, buildEnrichedEvent } from '../event-builder.ts';

const EVENTS: readonly EnrichedEvent[] = [
  buildEnrichedEvent({ sequence: 1n, timeNs: 2n ** 62n, address: 2n ** 64n - 1n }),
  buildEnrichedEvent({
    sequence: 2n,
    target: undefined,
    targetDetails: {},
    crossContainer: undefined,
    path: '/tmp/grüße \n"\u0000',
  }),
  buildEnrichedEvent({
    sequence: 3n,
    result: undefined,
    actor: buildActor({ loginuid: 1000, executablePath: undefined, ancestors: [], arguments: [] }),
  }),
];

function path(t: TestContext): string {
  const directory = temporaryDirectory(t);
  return join(directory, 'case.jsonl');
}

function recorded(t: TestContext, events: readonly EnrichedEvent[] = EVENTS): string {
  const file = path(t);
  const recorder = createRecorder(file);
  for (const event of events) recorder.record(event);
  recorder.close();
  return file;
}

/** A line in the format of a recording. */
function line(what: string, value: unknown): string {
  const text = JSON.stringify(value);
  return `{"crc":"${crc32(text).toString(16).padStart(8, '0')}","${what}":${text}}\n`;
}

async function read(file: string): Promise<{ events: EnrichedEvent[]; error: MemwardenError | undefined }> {
  const events: EnrichedEvent[] = [];
  try {
    for await (const event of await openRecording(file)) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    assert.ok(error instanceof MemwardenError, String(error));
    assert.equal(error.code, 'RECORDING_INVALID');
    return { events, error };
  }
}

test('a recording is read back as it was written', async t => {
  assert.deepEqual(await read(recorded(t)), { events: EVENTS, error: undefined });
});

test('a recording without events is valid', async t => {
  assert.deepEqual(await read(recorded(t, [])), { events: [], error: undefined });
});

test('more events than fit one write are read back in order', async t => {
  const many = Array.from({ length: 500 }, (_, index) => buildEnrichedEvent({ sequence: BigInt(index) }));
  const { events } = await read(recorded(t, many));
  assert.deepEqual(events, many);
});

test('every line is JSON', t => {
  const lines = readFileSync(recorded(t), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map(text => Object.keys(JSON.parse(text))[1]),
    ['header', 'event', 'event', 'event', 'end'],
  );
});

test('only its owner can read a recording, and secrets are redacted by default', async t => {
  const event = buildEnrichedEvent({ actor: buildActor({ arguments: ['mysql', '-psecret'] }) });
  const file = recorded(t, [event]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual((await read(file)).events[0]?.actor.arguments, ['mysql', '-p[redacted]']);

  const open = path(t);
  const recorder = createRecorder(open, { redact: false });
  recorder.record(event);
  recorder.close();
  assert.deepEqual((await read(open)).events[0]?.actor.arguments, ['mysql', '-psecret']);
});

test('a file that exists is not overwritten', t => {
  const file = recorded(t);
  assert.throws(() => createRecorder(file), /failed to write recording .*EEXIST/);
});

test('nothing is written through an existing symbolic link, a dangling one, or a FIFO', t => {
  const file = path(t);
  const at = join(file, '..');
  writeFileSync(join(at, 'elsewhere'), 'content');
  symlinkSync('elsewhere', join(at, 'link'));
  symlinkSync('nothing', join(at, 'dangling'));
  execFileSync('mkfifo', [join(at, 'fifo')]);
  for (const [name, what] of [
    ['link', 'a symbolic link'],
    ['dangling', 'a symbolic link'],
    ['fifo', 'a FIFO'],
    ['elsewhere', 'a regular file'],
  ] as const) {
    assert.throws(
      () => createRecorder(join(at, name)),
      new RegExp(`failed to write recording .*${name}: EEXIST: ${what} of user \\d+ is there already`),
    );
  }
  assert.equal(readFileSync(join(at, 'elsewhere'), 'utf8'), 'content');
  assert.equal(existsSync(join(at, 'nothing')), false);
});

test('a file cut in the middle of a line gives all events before it, and an error with the line', async t => {
  const file = recorded(t);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, text.indexOf('"event"', text.indexOf('"event"') + 1) + 300));
  const { events, error } = await read(file);
  assert.deepEqual(events, EVENTS.slice(0, 1));
  assert.match(error?.message ?? '', /line 3 is cut short; the 1 events before it are complete/);
});

test('a file cut between lines is not taken for a complete one', async t => {
  const file = recorded(t);
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n`);
  const { events, error } = await read(file);
  assert.deepEqual(events, EVENTS.slice(0, 2));
  assert.match(error?.message ?? '', /line 4 is missing: .*; the 2 events before it are complete/);
});

test('a file cut at any place is an error, and gives no wrong event', async t => {
  const file = recorded(t, EVENTS.slice(0, 1));
  const bytes = readFileSync(file);
  for (let length = 0; length < bytes.length - 1; length += 7) {
    writeFileSync(file, bytes.subarray(0, length));
    const { events, error } = await read(file);
    assert.ok(error !== undefined, `cut at ${length}`);
    assert.ok(events.length <= 1);
  }
});

test('a changed line is reported with its number', async t => {
  const file = recorded(t);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"sequence":"2"', '"sequence":"5"'));
  const { events, error } = await read(file);
  assert.equal(events.length, 1);
  assert.match(error?.message ?? '', /line 3 is damaged/);
});

test('a removed line is reported at the end', async t => {
  const file = recorded(t);
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, lines.filter((_, index) => index !== 2).join('\n'));
  assert.match((await read(file)).error?.message ?? '', /line 4 counts other events than there are/);
});

test('an event with a field of the wrong type is refused with its name', async t => {
  const file = path(t);
  const header = { format: 'memwarden-recording', version: 1, architecture: 'x64' };
  const [, good = ''] = readFileSync(recorded(t), 'utf8').split('\n');
  const encoded = JSON.parse(good).event;
  for (const [fields, reason] of [
    [{ kind: 'proc_mem_open', timeNs: 5 }, /event\.timeNs is not a whole number as text/],
    [{ ...encoded, actorDetails: { userName: 5 } }, /event\.actorDetails\.userName is not a text/],
    [{ kind: 'new_kind' }, /event\.kind is not one of proc_mem_open, /],
    [[], /event\.kind is not/],
    [null, /event is not a record/],
  ] as const) {
    writeFileSync(file, line('header', header) + line('event', fields));
    assert.match((await read(file)).error?.message ?? '', reason);
  }
});

test('a newer version is refused with both versions', async t => {
  const file = path(t);
  writeFileSync(file, line('header', { format: 'memwarden-recording', version: 2, later: true }));
  const { error } = await read(file);
  assert.match(error?.message ?? '', /it has version 2 and this program reads up to version 1/);
  assert.match(error?.hint ?? '', /newer/);
});

test('a file of another kind is refused', async t => {
  const file = path(t);
  for (const text of [
    '',
    'hello\n',
    '{}\n',
    '\u0000\u0001',
    line('event', {}),
    line('header', { format: 'x' }),
  ]) {
    writeFileSync(file, text);
    assert.match((await read(file)).error?.message ?? '', /it is no recording/, JSON.stringify(text));
  }
});

test('a missing file and a folder are refused', async t => {
  assert.match((await read('/nowhere')).error?.message ?? '', /failed to read recording \/nowhere: ENOENT/);
  assert.match((await read(join(path(t), '..'))).error?.message ?? '', /EISDIR/);
});

test('open flags of another architecture keep their names', async t => {
  const file = recorded(t, [buildEnrichedEvent({ flags: 0o100000 })]);
  const other = HOST_ARCHITECTURE === 'x64' ? 'arm64' : 'x64';
  const [, ...rest] = readFileSync(file, 'utf8').split('\n');
  const header = { format: 'memwarden-recording', version: 1, architecture: other };
  writeFileSync(file, line('header', header) + rest.join('\n'));
  const [event] = (await read(file)).events;
  assert.equal(decodeOpenFlags(event?.flags ?? 0), decodeOpenFlags(0o100000, other));
});

/** A line with the right checksum for any text. */
function rawLine(what: string, text: string): string {
  return `{"crc":"${crc32(text).toString(16).padStart(8, '0')}","${what}":${text}}\n`;
}

const HEADER = line('header', { format: 'memwarden-recording', version: 1, architecture: HOST_ARCHITECTURE });

test('a line whose checksum is right and whose text is wrong is reported with its number', async t => {
  const file = path(t);
  const [, good = ''] = readFileSync(recorded(t), 'utf8').split('\n');
  const event = JSON.parse(good).event;
  const deep = `{"kind":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  for (const [text, reason] of [
    [HEADER + rawLine('event', '{"kind":'), /line 2 is no JSON, though its checksum is right/],
    [HEADER + rawLine('event', ''), /line 2 is no JSON/],
    [HEADER + rawLine('event', deep), /line 2 has no valid event: event\.kind is not one of/],
    [
      HEADER + rawLine('event', '{"__proto__":{"kind":"ptrace"}}'),
      /line 2 has no valid event: event\.kind is not one of/,
    ],
    [HEADER + rawLine('event', '"text"'), /line 2 has no valid event: event is not a record/],
    [HEADER + rawLine('end', 'null'), /line 2 counts other events/],
    [HEADER + rawLine('end', '{"events":"0"}'), /line 2 counts other events/],
    [HEADER + rawLine('end', '[0]'), /line 2 counts other events/],
    [HEADER + HEADER, /line 2 has no valid event/],
    [HEADER + line('end', { events: 0 }) + line('event', event), /line 3 comes after the end/],
    [
      HEADER + line('event', { ...event, flags: '0' }),
      /line 2 has no valid event: event\.flags is not a whole number/,
    ],
    [
      HEADER + line('event', { ...event, actor: { ...event.actor, arguments: 'a b' } }),
      /event\.actor\.arguments is not a list/,
    ],
    [rawLine('header', 'null'), /line 1: it is no recording/],
    [rawLine('header', '{'), /line 1: it is no recording/],
    [line('header', { format: 'memwarden-recording', version: '1' }), /line 1 has no valid header: version/],
    [line('header', { format: 'memwarden-recording', version: -1 }), /line 1 has no valid header: version/],
    [
      line('header', { format: 'memwarden-recording', version: 1, architecture: 'toString' }),
      /line 1 has no valid header: architecture/,
    ],
  ] as const) {
    writeFileSync(file, text);
    assert.match((await read(file)).error?.message ?? 'accepted', reason);
  }
});

test('reading stops at a line of more than a mebibyte', async t => {
  const file = path(t);
  writeFileSync(file, HEADER + 'x'.repeat(20_000_000));
  assert.match((await read(file)).error?.message ?? '', /line 2 has more than 1048576 characters/);
  writeFileSync(file, 'x'.repeat(20_000_000));
  assert.match((await read(file)).error?.message ?? '', /line 1: it is no recording/);
});

test('every missing field is reported by its name', async t => {
  const file = path(t);
  const [, good = ''] = readFileSync(recorded(t), 'utf8').split('\n');
  const event: Record<string, unknown> = JSON.parse(good).event;
  const { target: _, ...needed } = event;
  for (const name of Object.keys(needed)) {
    const { [name]: gone, ...rest } = event;
    assert.notEqual(gone, undefined);
    writeFileSync(file, HEADER + line('event', rest) + line('end', { events: 1 }));
    const { events, error } = await read(file);
    // a field whose value can be unknown is optional
    if (error === undefined) assert.equal(events.length, 1);
    else assert.match(error.message, new RegExp(`line 2 has no valid event: event\\.${name} is not `));
  }
});
