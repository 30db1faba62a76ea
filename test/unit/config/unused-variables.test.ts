import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settings } from '../../../src/config/index.ts';
import { UNUSED_VARIABLES, unusedVariables } from '../../../src/config/unused-variables.ts';

test('a variable that is set in vain is told with the setting that does the work', () => {
  const [sentence, ...more] = unusedVariables({
    OTEL_BLRP_MAX_QUEUE_SIZE: '2048',
    OTEL_BLRP_EXPORT_TIMEOUT: '',
  });
  assert.match(sentence ?? '', /^OTEL_BLRP_MAX_QUEUE_SIZE has no effect: .*telemetry\.spool\.maxBytes/);
  assert.deepEqual(more, []);
});

test('what is said to do the work are settings, and no setting is said to be in vain', () => {
  const names = new Set([...settings.values()].flatMap(({ env }) => env));
  for (const [name, reason] of Object.entries(UNUSED_VARIABLES)) {
    assert.ok(!names.has(name), name);
    const [key = ''] = /telemetry(\.\w+)+/.exec(reason) ?? [];
    assert.ok(settings.has(key), `${key} is no setting`);
  }
});
