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

test('a summary that is kept is reported again as it would have been', () => {
  const kept = summary();
  const reported = decodeSummary(encodeSummary(kept), signatures);
  assert.deepEqual(reported?.repeat, kept.repeat);
  assert.equal(reported?.definition, kept.definition);
  assert.equal(reported?.severity, 1);
  assert.equal(reported?.exception, 'a debugger of ours');
  assert.deepEqual(reported?.match, kept.match);
  assert.deepEqual(reported?.event, { ...kept.event, actor: { ...kept.event.actor, arguments: [] } });
});

test('arguments that the kernel recorded are not kept: they may be secrets', () => {
  assert.doesNotMatch(Buffer.from(encodeSummary(summary())).toString(), /hunter2/);
});

test('a summary of a signature that is not there any more is not reported', () => {
  assert.equal(decodeSummary(encodeSummary(summary()), []), undefined);
});

test('bytes that are no summary are refused', () => {
  assert.throws(() => decodeSummary(Buffer.from('{"event":'), signatures), SyntaxError);
  assert.throws(() => decodeSummary(Buffer.from('{"event":{}}'), signatures), TypeError);
});
