import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Detection } from '../../../../src/detect/detection.ts';
import { createEngine } from '../../../../src/detect/engine.ts';
import { type Exceptions, loadExceptions } from '../../../../src/detect/exceptions/exceptions.ts';
import type { EnrichedEvent } from '../../../../src/enrich/event.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { buildEnrichedEvent } from '../../event-builder.ts';

/** One rule that drops the detections that meet a condition. */
function rule(t: TestContext, when: string): Exceptions {
  const file = join(temporaryDirectory(t), 'exceptions.yaml');
  writeFileSync(file, `exceptions:\n  - name: one\n    when: '${when}'\n    action: drop\n`);
  return loadExceptions([file]);
}

function detectionOf(fields: Partial<EnrichedEvent>): Detection {
  const [detection] = createEngine().detect(buildEnrichedEvent(fields));
  assert.ok(detection);
  return detection;
}

// Symptom: a cached result for two processes was used although their relation had changed.
for (const [condition, field] of [
  ['target_is_descendant', 'targetIsDescendant'],
  ['cross_container', 'crossContainer'],
  ['self_access', 'selfAccess'],
] as const) {
  test(`a rule about ${condition} is evaluated again when that changes between the same two processes`, t => {
    const exceptions = rule(t, condition);
    const { actor, target, actorDetails, targetDetails } = buildEnrichedEvent();
    const same = { actor, target, actorDetails, targetDetails };
    const isDropped = (value: boolean) =>
      exceptions.apply({
        ...detectionOf(same),
        event: buildEnrichedEvent({ ...same, [field]: value }),
      }) === undefined;
    assert.deepEqual([false, true, false, true].map(isDropped), [false, true, false, true]);
  });
}

test('a dropped or lowered summary counts for all the detections that it stands for', t => {
  const exceptions = rule(t, 'actor.uid == 1000');
  exceptions.apply(detectionOf({}));
  exceptions.apply({ ...detectionOf({}), repeat: { count: 30, firstUnixNs: 1n, lastUnixNs: 2n } });
  assert.equal(exceptions.counts.get('one'), 31);
});
