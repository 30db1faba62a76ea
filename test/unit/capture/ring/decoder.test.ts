import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { EventDecoder } from '../../../../src/capture/ring/decoder.ts';
import { EVENT, EVENT_SIZE, PROCESS, STRING, TRAIT } from '../../../../src/capture/ring/layout.ts';

const OFFSET = 64;

/** A record as the kernel leaves it in the ring buffer, at OFFSET of the memory. */
function record(strings: Partial<Record<keyof typeof STRING, string>>, traits = TRAIT.hasTarget) {
  const texts = Object.entries(STRING).map(([name, index]) => ({
    index,
    text: strings[name as keyof typeof STRING] ?? '',
  }));
  const length = EVENT_SIZE + texts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const memory = new ArrayBuffer(OFFSET + length);
  const bytes = Buffer.from(memory);
  const view = new DataView(memory, OFFSET);
  view.setUint16(EVENT.kind, 1, true);
  view.setUint8(EVENT.hook, 2);
  view.setUint8(EVENT.method, 1);
  view.setUint32(EVENT.traits, traits, true);
  view.setInt32(EVENT.result, -13, true);
  view.setInt32(EVENT.descriptor, -1, true);
  view.setBigUint64(EVENT.time_ns, 2n ** 60n + 1n, true);
  view.setUint32(EVENT.actor + PROCESS.tgid, 4711, true);
  view.setUint32(EVENT.actor + PROCESS.loginuid, 0xffff_ffff, true);
  view.setUint32(EVENT.target + PROCESS.tgid, 42, true);
  let at = OFFSET + EVENT_SIZE;
  for (const { index, text } of texts) {
    view.setUint16(EVENT.string_length + 2 * index, Buffer.byteLength(text), true);
    at += bytes.write(text, at);
  }
  return { memory, view, length, decode: (size = length) => new EventDecoder(memory).decode(OFFSET, size) };
}

suite('event decoder', () => {
  test('leaf-first components become an absolute path', () => {
    const event = record({
      path: 'mem\0' + '42\0' + 'proc\0',
      targetExecutable: 'naïve café\0opt\0',
    }).decode();
    assert.equal(event?.path, '/proc/42/mem');
    assert.equal(event?.target?.executablePath, '/opt/naïve café');
  });

  test('a record that was stored without its strings has all other fields', () => {
    const { memory, decode } = record({ path: 'mem\0' + '42\0' + 'proc\0', actorArguments: 'dd' });
    const kept = new EventDecoder(memory).decodeFixedPart(OFFSET);
    const whole = decode();
    assert.equal(kept?.path, undefined);
    assert.deepEqual(kept?.actor.arguments, []);
    assert.deepEqual(
      { ...kept, path: whole?.path, actor: { ...kept?.actor, arguments: whole?.actor.arguments } },
      whole,
    );
  });

  test('a number beyond 2^53 keeps every bit', () => {
    assert.equal(record({}).decode()?.timeNs, 2n ** 60n + 1n);
  });

  test('an absent value is undefined, not empty', () => {
    const event = record({}).decode();
    assert.equal(event?.path, undefined);
    assert.equal(event?.requestedPath, undefined);
    assert.equal(event?.descriptor, undefined);
    assert.equal(event?.actor.loginuid, undefined);
    assert.deepEqual(event?.actor.arguments, []);
    assert.deepEqual(event?.actor.ancestors, []);
  });

  test('a target is reported only where the kernel had one', () => {
    assert.equal(record({}).decode()?.target?.tgid, 42);
    assert.equal(record({}, 0).decode()?.target, undefined);
  });

  test('a result that no hook saw is not a success', () => {
    assert.equal(record({}).decode()?.result, -13);
    assert.equal(record({}, TRAIT.resultUnknown).decode()?.result, undefined);
  });

  test('arguments are split at their NULs, also when they are cut short', () => {
    const event = record({ actorArguments: 'dd\0if=/proc/42/mem\0bs=4' }).decode();
    assert.deepEqual(event?.actor.arguments, ['dd', 'if=/proc/42/mem', 'bs=4']);
  });

  test('a record shorter than its fixed part is not decoded', () => {
    assert.equal(record({}).decode(EVENT_SIZE - 1), undefined);
  });

  test('strings that reach beyond the record are not read', () => {
    const { view, decode } = record({ path: 'mem\0' });
    view.setUint16(EVENT.string_length, 4096, true);
    assert.equal(decode(), undefined);
  });

  test('a record with a kind, hook or method of another version is not decoded', () => {
    for (const at of [EVENT.kind, EVENT.hook, EVENT.method]) {
      const { view, decode } = record({});
      view.setUint8(at, 99);
      assert.equal(decode(), undefined);
    }
  });

  test('equal descriptions of a process are one object, whatever else the events say', () => {
    const { memory, view } = record({ actorArguments: 'dd\0bs=4', targetExecutable: 'sleep\0bin\0' });
    const decoder = new EventDecoder(memory);
    const first = decoder.decode(OFFSET, memory.byteLength - OFFSET);
    view.setBigUint64(EVENT.sequence, 7n, true);
    const second = decoder.decode(OFFSET, memory.byteLength - OFFSET);
    assert.notEqual(first?.sequence, second?.sequence);
    assert.equal(first?.actor, second?.actor);
    assert.equal(first?.target, second?.target);
  });

  test('any difference in a description gives another object', () => {
    const changes: Record<string, (view: DataView) => void> = {
      'user id': view => view.setUint32(EVENT.actor + PROCESS.euid, 1, true),
      ancestor: view => view.setUint32(EVENT.ancestors, 1, true),
      argument: view => view.setUint8(EVENT_SIZE + 'dd\0bin\0'.length + 4, 'x'.charCodeAt(0)),
      'end of the executable': view => {
        view.setUint16(EVENT.string_length + 2 * STRING.actorExecutable, 3, true);
        view.setUint16(EVENT.string_length + 2 * STRING.actorCgroup, 4, true);
      },
    };
    for (const [what, change] of Object.entries(changes)) {
      const { memory, view, length } = record({ actorExecutable: 'dd\0bin\0', actorArguments: 'dd\0bs=4' });
      const decoder = new EventDecoder(memory);
      const before = decoder.decode(OFFSET, length)?.actor;
      change(view);
      const after = decoder.decode(OFFSET, length)?.actor;
      assert.notDeepEqual(after, before, what);
    }
  });
});
