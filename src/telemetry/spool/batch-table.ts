import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Checkpoint, CheckpointChanges } from '../../checkpoint.ts';
import type { Severity } from '../../detect/detection.ts';
import type { LogContext } from '../otlp/export-request.ts';
import type { Refusal } from './batch.ts';
import type { Amount } from './tally.ts';

/** A pending batch without its body. */
export interface BatchRow {
  readonly id: number;
  readonly context: number;
  readonly severity: Severity;
  readonly records: number;
  readonly bytes: number;
}

/** All columns of a row. */
export interface BatchContent extends Omit<BatchRow, 'id'> {
  /** ms on the spool's clock. */
  readonly created: number;
  readonly attempts: number;
  readonly checksum: number;
  readonly body: Uint8Array;
}

type Row = Record<string, SQLOutputValue>;

const COLUMNS = 'context, severity, records, bytes, created, attempts, checksum, body';

/** The SQL statements of the spool's database. Spool combines them and keeps their invariants. */
export class BatchTable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Runs `work` in one transaction, undone when it throws.
   *
   * @param durable whether the transaction is on the disk when this returns. Otherwise it survives the end of this process
   * too, but not necessarily a power cut, which can undo it together with all later transactions.
   */
  transaction<T>(durable: boolean, work: () => T): T {
    this.#database.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}; BEGIN IMMEDIATE`);
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // after some errors, such as a full disk, SQLite has already rolled back by itself
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** @param id undefined: the next free one. @returns the batch's id. */
  insert(content: BatchContent, id?: number): number {
    const sql = `INSERT INTO batch (id, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    return Number(this.#statement(sql).run(id ?? null, ...values(content)).lastInsertRowid);
  }

  /** Makes sure that no new batch gets an id up to `last`. */
  reserveIds(last: number): void {
    this.#run("DELETE FROM sqlite_sequence WHERE name = 'batch' AND seq < ?", last);
    this.#run(
      "INSERT INTO sqlite_sequence (name, seq) SELECT 'batch', ? WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'batch')",
      last,
    );
  }

  /** All batches, oldest first; of one severity, or of all. */
  *scan(severity?: Severity): Generator<BatchRow> {
    const where = severity === undefined ? '' : 'WHERE severity = ?';
    const statement = this.#statement(
      `SELECT id, context, severity, records, bytes FROM batch ${where} ORDER BY id`,
    );
    for (const row of statement.iterate(...(severity === undefined ? [] : [severity]))) yield batchRow(row);
  }

  /** Batches made before `created` on the spool's clock. */
  expired(created: number): BatchRow[] {
    const sql = 'SELECT id, context, severity, records, bytes FROM batch WHERE created < ? ORDER BY id';
    return this.#statement(sql).all(created).map(batchRow);
  }

  /** When the oldest batch was made, ms on the spool's clock; undefined without a batch. */
  oldest(): number | undefined {
    const created = this.#statement('SELECT created FROM batch ORDER BY id LIMIT 1').get()?.['created'];
    return typeof created === 'number' ? created : undefined;
  }

  read(id: number): BatchContent | undefined {
    const row = this.#statement(`SELECT ${COLUMNS} FROM batch WHERE id = ?`).get(id);
    return row === undefined ? undefined : batchContent(row);
  }

  remove(id: number): void {
    this.#run('DELETE FROM batch WHERE id = ?', id);
  }

  /** Moves a batch to the table of refused batches. */
  refuse(id: number, { code, reason }: Refusal): void {
    this.#run(
      `INSERT OR REPLACE INTO refused SELECT id, ${COLUMNS}, ?, ? FROM batch WHERE id = ?`,
      code,
      reason,
      id,
    );
    this.remove(id);
  }

  /** Deletes the oldest refused batches until the rest has at most `bytes`. */
  trimRefused(bytes: number): void {
    let kept = 0;
    for (const row of this.#statement('SELECT id, bytes FROM refused ORDER BY id DESC').all()) {
      kept += Number(row['bytes']);
      if (kept > bytes) this.#run('DELETE FROM refused WHERE id = ?', Number(row['id']));
    }
  }

  checkpoint(): Checkpoint {
    const rows = this.#statement('SELECT name, value FROM note').all();
    return new Map(rows.map(({ name, value }) => [String(name), value as Uint8Array]));
  }

  changeCheckpoint(changes: CheckpointChanges): void {
    for (const [name, value] of changes) {
      if (value === null) this.#run('DELETE FROM note WHERE name = ?', name);
      else this.#run('INSERT OR REPLACE INTO note VALUES (?, ?)', name, value);
    }
  }

  sums(): Amount[] {
    const sql = 'SELECT severity, SUM(records) AS records, SUM(bytes) AS bytes FROM batch GROUP BY severity';
    return this.#statement(sql)
      .all()
      .map(row => ({
        severity: severityOf(row),
        records: Number(row['records']),
        bytes: Number(row['bytes']),
      }));
  }

  /** Id of a Resource and scope, which are stored once for all batches that share them. */
  contextId({ resource, scope }: LogContext): number {
    this.#run('INSERT OR IGNORE INTO context (resource, scope) VALUES (?, ?)', resource, scope);
    const row = this.#statement('SELECT id FROM context WHERE resource = ? AND scope = ?').get(
      resource,
      scope,
    );
    return Number(row?.['id']);
  }

  context(id: number): LogContext | undefined {
    const row = this.#statement('SELECT resource, scope FROM context WHERE id = ?').get(id);
    return row === undefined ? undefined : { resource: blob(row['resource']), scope: blob(row['scope']) };
  }

  /** Deletes the Resources of earlier runs that no batch uses any more. */
  trimContexts(current: number): void {
    const used = 'SELECT context FROM batch UNION SELECT context FROM refused';
    this.#run(`DELETE FROM context WHERE id <> ? AND id NOT IN (${used})`, current);
  }

  total(name: string): number {
    return Number(this.#statement('SELECT value FROM total WHERE name = ?').get(name)?.['value'] ?? 0);
  }

  setTotal(name: string, value: number): void {
    this.#run(
      'INSERT INTO total VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      name,
      value,
    );
  }

  #run(sql: string, ...parameters: SQLInputValue[]): void {
    this.#statement(sql).run(...parameters);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function values(content: BatchContent): SQLInputValue[] {
  const { context, severity, records, bytes, created, attempts, checksum, body } = content;
  return [context, severity, records, bytes, created, attempts, checksum, body];
}

function batchRow(row: Row): BatchRow {
  return {
    id: Number(row['id']),
    context: Number(row['context']),
    severity: severityOf(row),
    records: Number(row['records']),
    bytes: Number(row['bytes']),
  };
}

function batchContent(row: Row): BatchContent {
  return {
    context: Number(row['context']),
    severity: severityOf(row),
    records: Number(row['records']),
    bytes: Number(row['bytes']),
    created: Number(row['created']),
    attempts: Number(row['attempts']),
    checksum: Number(row['checksum']),
    body: blob(row['body']),
  };
}

/** An invalid severity can only come from a damaged row; it is taken for the highest. */
function severityOf(row: Row): Severity {
  const severity = row['severity'];
  return severity === 0 || severity === 1 || severity === 2 ? severity : 3;
}

function blob(value: SQLOutputValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}
