import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Severity } from '../../../../src/detect/detection.ts';
import type { Batch } from '../../../../src/telemetry/spool/batch.ts';
import { SPOOL_DEFAULTS, type SpoolOptions } from '../../../../src/telemetry/spool/options.ts';
import { Spool } from '../../../../src/telemetry/spool/spool.ts';
import { SpoolDirectory } from '../../../../src/telemetry/spool/spool-directory.ts';

export const BOOT_ID = 'b'.repeat(32);
export const CONTEXT = { resource: Uint8Array.of(0x0a, 0), scope: Uint8Array.of(0x0a, 0) };
export const LIMITS = { records: 512, bytes: 1_000_000, inOrder: false };

/** A directory that is gone when the test is over. */
export function temporaryDirectory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'memwarden-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function openSpool(directory: string, options: Partial<SpoolOptions> = {}, bootId = BOOT_ID): Spool {
  return new Spool({ ...SPOOL_DEFAULTS, ...options }, CONTEXT, new SpoolDirectory(directory, bootId));
}

/** A batch whose body is a readable mark, filled up to a size. */
export function buildBatch(
  mark: string,
  fields: Partial<Batch> & { bytes?: number; severity?: Severity } = {},
): Batch {
  const { bytes = mark.length, severity = 3, records = 1 } = fields;
  return { severity, records, body: Buffer.from(mark.padEnd(bytes, '.')) };
}

/** The marks of all batches that wait, in the order in which they would be sent. */
export function drain(spool: Spool, inOrder = false): string[] {
  const marks: string[] = [];
  for (let claim = spool.claim({ ...LIMITS, inOrder }); claim; claim = spool.claim({ ...LIMITS, inOrder })) {
    for (const body of claim.bodies) marks.push(Buffer.from(body).toString().replace(/\.+$/, ''));
    spool.accept(claim, 0);
  }
  return marks;
}
