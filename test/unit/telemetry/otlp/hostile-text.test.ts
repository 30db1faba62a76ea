import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DetectionEncoder } from '../../../../src/telemetry/otlp/detection-encoder.ts';
import { decodeRecord } from '../../../../src/telemetry/otlp/log-decoder.ts';
import { MessageWriter } from '../../../../src/telemetry/otlp/message-writer.ts';
import { buildActor } from '../../event-builder.ts';
import { EVERY_CHARACTER } from '../../printing/hostile.ts';
import { buildDetection } from '../detection-builder.ts';

/** An encoded record with this text in all fields that an actor controls. */
function encoded(text: string): Buffer {
  const to = new MessageWriter(0);
  const actor = buildActor({ comm: text, executablePath: `/tmp/${text}`, arguments: [text] });
  const details = { commandLine: text, workingDirectory: text, userName: text };
  new DetectionEncoder('b'.repeat(32)).write(
    to,
    buildDetection({ actor, path: text, actorDetails: details }),
  );
  return Buffer.from(to.bytes());
}

test('a record keeps every character; a lone surrogate becomes U+FFFD, because strings are UTF-8', () => {
  for (const text of EVERY_CHARACTER.match(/.{1,1000}/gs) ?? []) {
    assert.equal(encoded(text).compare(encoded(text.toWellFormed())), 0);
    const { attributes } = decodeRecord(encoded(text));
    assert.equal(attributes['process.command_line'], text.toWellFormed());
  }
});
