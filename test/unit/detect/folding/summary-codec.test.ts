import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Detection } from '../../../../src/detect/detection.ts';
import { createEngine } from '../../../../src/detect/engine.ts';
import { decodeSummary, encodeSummary } from '../../../../src/detect/folding/summary-codec.ts';
import { BOOT_UNIX_NS, buildActor, buildEnrichedEvent } from '../../event-builder.ts';

const { signatures, detect } = createEngine({ events: ['signatures', 'base'] });

function summary(): Detection {
  const [detection] = detect(
    buildEnrichedEvent({ actor: buildActor({ arguments: ['--token', 'hunter2'] }) }),
  );
  assert.ok(detection !== undefined);
  const repeat = { count: 7, firstUnixNs: BOOT_UNIX_NS, lastUnixNs: BOOT_UNIX_NS + 5n };
  return { ...detection, severity: 1, exception: 'a debugger of ours', repeat };
}

test('a decoded summary equals the encoded one', () => {
  const saved = summary();
  const decoded = decodeSummary(encodeSummary(saved), signatures);
  assert.deepEqual(decoded?.repeat, saved.repeat);
  assert.equal(decoded?.definition, saved.definition);
  assert.equal(decoded?.severity, 1);
  assert.equal(decoded?.exception, 'a debugger of ours');
  assert.deepEqual(decoded?.match, saved.match);
  assert.deepEqual(decoded?.event, { ...saved.event, actor: { ...saved.event.actor, arguments: [] } });
});

test('the arguments that the kernel recorded are not saved: they may be secrets', () => {
  assert.doesNotMatch(Buffer.from(encodeSummary(summary())).toString(), /hunter2/);
});

test('a summary of a signature that no longer exists is not decoded', () => {
  assert.equal(decodeSummary(encodeSummary(summary()), []), undefined);
});

test('bytes that are not a summary throw', () => {
  assert.throws(() => decodeSummary(Buffer.from('{"event":'), signatures), SyntaxError);
  assert.throws(() => decodeSummary(Buffer.from('{"event":{}}'), signatures), TypeError);
});
