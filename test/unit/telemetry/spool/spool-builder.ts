import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { Severity } from '../../../../src/detect/detection.ts';
import type { Batch, Claim } from '../../../../src/telemetry/spool/batch.ts';
import { SPOOL_DEFAULTS, type SpoolOptions } from '../../../../src/telemetry/spool/options.ts';
import { Spool } from '../../../../src/telemetry/spool/spool.ts';
import { databasePathOf, SpoolDirectory } from '../../../../src/telemetry/spool/spool-directory.ts';

export const BOOT_ID = 'b'.repeat(32);
export const CONTEXT = { resource: Uint8Array.of(0x0a, 0), scope: Uint8Array.of(0x0a, 0) };
/** Separates the mark of a body from the bytes that fill it up. */
const END_OF_MARK = 0;
export const LIMITS = { records: 512, bytes: 1_000_000, inOrder: false };

export function openSpool(directory: string, options: Partial<SpoolOptions> = {}, bootId = BOOT_ID): Spool {
  return new Spool({ ...SPOOL_DEFAULTS, ...options }, CONTEXT, new SpoolDirectory(directory, bootId));
}

/** Runs SQL statements on the file of a spool, in use or not, to simulate damage or another version. */
export function alter(directory: string, statements: string): void {
  const database = new DatabaseSync(databasePathOf(directory));
  database.exec(statements);
  database.close();
}

/** A batch whose body is a readable mark, filled up to a size with incompressible bytes. */
export function buildBatch(
  mark: string,
  fields: Partial<Batch> & { bytes?: number; severity?: Severity } = {},
): Batch {
  const { bytes = mark.length, severity = 3, records = 1 } = fields;
  const filler = randomBytes(bytes - mark.length);
  if (filler.length > 0) filler[0] = END_OF_MARK;
  return { severity, records, body: Buffer.concat([Buffer.from(mark), filler]) };
}

/** The marks of the batches in a claim. */
export function marksOf(claim: Claim | undefined): string[] {
  return (claim?.bodies ?? []).map(body => {
    const end = body.indexOf(END_OF_MARK);
    return Buffer.from(end < 0 ? body : body.subarray(0, end)).toString();
  });
}

/** The marks of all unclaimed batches, in the order in which they would be sent. */
export function drain(spool: Spool, inOrder = false): string[] {
  const marks: string[] = [];
  for (let claim = spool.claim({ ...LIMITS, inOrder }); claim; claim = spool.claim({ ...LIMITS, inOrder })) {
    marks.push(...marksOf(claim));
    spool.accept(claim, 0);
  }
  return marks;
}
