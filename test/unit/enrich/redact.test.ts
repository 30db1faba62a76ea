import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { redactArguments } from '../../../src/enrich/redact.ts';
import { REDACTED } from '../../../src/enrich/redact-argument.ts';
import { HARMLESS_LINES } from './harmless-lines.ts';
import { HARMLESS, SECRETS } from './redaction-cases.ts';
import { FORMS, SECRET } from './redaction-forms.ts';

describe('redacted', () => {
  for (const [what, given, reported] of SECRETS)
    test(what, () => assert.equal(redactArguments(given.split(' | ')).join(' | '), reported));
});

describe('left as it is', () => {
  for (const [what, given] of HARMLESS)
    test(what, () => assert.deepEqual(redactArguments(given.split(' | ')), given.split(' | ')));
  for (const line of HARMLESS_LINES)
    test(line, () => assert.deepEqual(redactArguments(line.split(' | ')), line.split(' | ')));
});

describe('nothing of the secret is left', () => {
  for (const line of FORMS)
    test(line, () => {
      const redacted = redactArguments(line.split(' | ')).join(' | ');
      assert.ok(!redacted.includes(SECRET), redacted);
      assert.ok(redacted.includes(REDACTED), redacted);
    });
});

test('the corpus has 200 forms and 200 harmless lines', () => {
  assert.ok(SECRETS.length + FORMS.length >= 200);
  assert.ok(FORMS.every(line => line.includes(SECRET) || line.includes(SECRET.toLowerCase())));
  assert.ok(HARMLESS.length + HARMLESS_LINES.length >= 200, `${HARMLESS.length + HARMLESS_LINES.length}`);
});
