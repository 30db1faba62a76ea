import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CAPTURE_METHODS, EVENT_KINDS, type EventKind } from '../../../src/capture/event.ts';
import { createEngine } from '../../../src/detect/engine.ts';
import { loadExceptions, SHIPPED_EXCEPTIONS } from '../../../src/detect/exceptions/exceptions.ts';
import type { EnrichedEvent } from '../../../src/enrich/event.ts';
import { ENRICHED_EVENT } from '../../../src/enrich/event-codec.ts';
import { toLogRecord } from '../../../src/telemetry/record/record.ts';
import { buildActor, buildEnrichedEvent } from '../event-builder.ts';

type Json = Record<string, unknown>;

/** Values that a file may contain in place of the right one. `undefined` removes the field. */
const HOSTILE: readonly unknown[] = [
  undefined,
  null,
  true,
  '',
  'text',
  -1,
  1.5,
  2 ** 32,
  2 ** 53 + 1,
  1e308,
  Number.MIN_SAFE_INTEGER,
  '-1',
  '18446744073709551615',
  '18446744073709551616',
  '9'.repeat(100_000),
  'x'.repeat(100_000),
  '\u0000\ud800\u001b[2J',
  [],
  [null],
  [[[]]],
  {},
  { __proto__: null, constructor: 1 },
  JSON.parse('{"__proto__":{"toString":1}}'),
];

/** An event of a kind with all fields set. */
function full(kind: EventKind): EnrichedEvent {
  const details = { commandLine: 'a b', workingDirectory: '/', userName: 'u', containerId: 'c', podUid: 'p' };
  return buildEnrichedEvent({
    kind,
    method: kind === 'ptrace' ? 'ptrace' : kind === 'process_vm' ? 'process_vm_readv' : 'open',
    actor: buildActor({ loginuid: 1000 }),
    requestedPath: '/proc/self/mem',
    descriptor: 3,
    repeatCount: 2n,
    actorDetails: details,
    targetDetails: details,
  });
}

/** Paths of all fields and list entries within a JSON value. */
function* places(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield [...path, name];
    yield* places(inner, [...path, name]);
  }
}

/** A copy with another value at a path. */
function changed(value: unknown, [name = '', ...rest]: readonly string[], to: unknown): unknown {
  const copy: Json | unknown[] = Array.isArray(value) ? [...value] : { ...(value as Json) };
  const inner = rest.length === 0 ? to : changed(Reflect.get(copy, name), rest, to);
  if (inner === undefined) Reflect.deleteProperty(copy, name);
  else Reflect.set(copy, name, inner);
  return copy;
}

const engine = createEngine({ events: ['signatures', 'base'] });
const exceptions = loadExceptions([SHIPPED_EXCEPTIONS]);

/** Runs a recorded event through all stages up to the log record. @returns number of records */
function recordsOf(event: EnrichedEvent): number {
  let records = 0;
  for (const detection of engine.detect(event)) {
    const kept = exceptions.apply(detection);
    if (kept === undefined) continue;
    JSON.stringify(toLogRecord(kept, 'b'.repeat(32)), (_, value) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    records += 1;
  }
  return records;
}

describe('a wrong value in a field of a recorded event is refused by name, or can be processed', () => {
  for (const kind of EVENT_KINDS) {
    test(kind, () => {
      const whole = JSON.parse(JSON.stringify(ENRICHED_EVENT.encode(full(kind))));
      assert.deepEqual(ENRICHED_EVENT.decode(whole, 'event'), full(kind));
      let refused = 0;
      let accepted = 0;
      for (const place of places(whole)) {
        for (const value of HOSTILE) {
          let event: EnrichedEvent;
          try {
            event = ENRICHED_EVENT.decode(changed(whole, place, value), 'event');
          } catch (error) {
            assert.ok(error instanceof TypeError, `${place.join('.')}: ${error}`);
            assert.match(error.message, new RegExp(`^event\\.${place[0]}\\b.* is not `), place.join('.'));
            assert.ok(error.message.length < 300, error.message.slice(0, 500));
            refused += 1;
            continue;
          }
          recordsOf(event);
          accepted += 1;
        }
      }
      assert.ok(refused > 500, `${refused} refused`);
      assert.ok(accepted > 50, `${accepted} accepted`);
    });
  }

  test('any kind with any method can be processed', () => {
    let records = 0;
    for (const kind of EVENT_KINDS) {
      for (const method of CAPTURE_METHODS) {
        for (const bare of [false, true]) {
          const event = { ...full(kind), method };
          records += recordsOf(
            bare ? { ...event, target: undefined, path: undefined, result: undefined } : event,
          );
        }
      }
    }
    assert.ok(records > 20, `${records} records`);
  });
});

test('a number that the kernel could not have sent is refused', () => {
  const encoded = ENRICHED_EVENT.encode(full('ptrace')) as Json;
  for (const [name, value, right] of [
    ['timeNs', '18446744073709551616', 'a whole number as text, of at most 64 bits'],
    ['timeNs', '-1', 'a whole number as text, of at most 64 bits'],
    ['cpu', 2 ** 32, 'a whole number from 0 to 4294967295'],
    ['cpu', 0.5, 'a whole number from 0 to 4294967295'],
    ['result', 2 ** 31, 'a whole number from -2147483648 to 2147483647'],
    ['descriptor', -1, 'a whole number from 0 to 2147483647'],
  ] as const) {
    assert.throws(() => ENRICHED_EVENT.decode({ ...encoded, [name]: value }, 'event'), {
      name: 'TypeError',
      message: `event.${name} is not ${right}`,
    });
  }
});
