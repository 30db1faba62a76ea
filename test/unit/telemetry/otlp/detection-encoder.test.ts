import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Detection } from '../../../../src/detect/detection.ts';
import { DetectionEncoder } from '../../../../src/telemetry/otlp/detection-encoder.ts';
import { MessageWriter } from '../../../../src/telemetry/otlp/message-writer.ts';
import { buildDetection } from '../detection-builder.ts';
import { encodeLogRecord, toReadable } from '../readable-builder.ts';

const BOOT_ID = '0123456789abcdef0123456789abcdef';

/** Asserts that each detection, in order, is encoded to the same bytes as its SDK log record. */
function assertSameAsRecords(detections: readonly Detection[]): void {
  const encoder = new DetectionEncoder(BOOT_ID);
  for (const detection of detections) {
    const ours = new MessageWriter(0);
    encoder.write(ours, detection);
    assert.equal(
      ours.bytes().toString('hex'),
      Buffer.from(encodeLogRecord(toReadable(detection))).toString('hex'),
    );
  }
}

suite('a detection encoded at once', () => {
  test('equals the record of the SDK, byte by byte, also with cached parts', () => {
    const { event } = buildDetection();
    const { actor, target, actorDetails, targetDetails } = event;
    assertSameAsRecords([
      buildDetection(event),
      buildDetection({
        actor,
        target,
        actorDetails,
        targetDetails,
        sequence: 2n,
        result: -13,
        path: undefined,
      }),
      buildDetection({ actor, target, selfAccess: true, targetDetails: actorDetails }),
      buildDetection(
        { actor, kind: 'kcore_open', target: undefined, crossContainer: undefined },
        'proc_kcore_read',
      ),
      buildDetection({ actor, target }, 'proc_mem_access', { severity: 1, exception: 'a debugger' }),
      buildDetection({ actor, target }, 'proc_mem_access', {
        repeat: { count: 3, firstUnixNs: 1n, lastUnixNs: 2n },
      }),
    ]);
  });

  test('has the current details of a process, and not the cached ones', () => {
    const { event } = buildDetection();
    assertSameAsRecords([
      buildDetection(event),
      buildDetection({ ...event, actorDetails: { commandLine: 'another one' } }),
      buildDetection({ ...event, targetDetails: { commandLine: 'another one' } }),
    ]);
  });

  test('names the exception that lowered it, and not that of another detection', () => {
    const { event } = buildDetection();
    const lowered = (exception: string) =>
      buildDetection(event, 'proc_mem_access', { severity: 1, exception });
    assertSameAsRecords([lowered('a debugger'), lowered('a profiler'), lowered('a debugger')]);
  });

  test('has its own outcome, severity, hook, relation and signature', () => {
    const { event } = buildDetection();
    assertSameAsRecords([
      buildDetection(event),
      buildDetection({ ...event, result: -1 }),
      buildDetection({ ...event, result: -13 }),
      buildDetection({ ...event, result: undefined }),
      buildDetection({ ...event, result: 7 }),
      buildDetection({ ...event, hook: 'kprobe' }),
      buildDetection({ ...event, crossContainer: true }),
      buildDetection({ ...event, targetIsDescendant: true }),
      buildDetection({ ...event, selfAccess: true }),
      buildDetection(event, 'proc_mem_access', { severity: 0 }),
      buildDetection({ ...event, flags: 1 }, 'proc_mem_code_injection'),
    ]);
  });

  test('has the start of a process by the current clock after a change of the clock', () => {
    const { event } = buildDetection();
    assertSameAsRecords([
      buildDetection(event),
      buildDetection({ ...event, timeUnixNs: event.timeUnixNs + 3_600_000_000_000n }),
    ]);
  });
});
