import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { redactArguments } from '../../../src/enrich/redact.ts';
import { HARMLESS, SECRETS } from './redaction-cases.ts';

describe('redacted', () => {
  for (const [what, given, reported] of SECRETS)
    test(what, () => assert.equal(redactArguments(given.split(' | ')).join(' | '), reported));
});

describe('left as it is', () => {
  for (const [what, given] of HARMLESS)
    test(what, () => assert.deepEqual(redactArguments(given.split(' | ')), given.split(' | ')));
});
