import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Severity } from '../../../../src/detect/detection.ts';
import { MemwardenError } from '../../../../src/errors.ts';
import type { LogContext } from '../../../../src/telemetry/otlp/export-request.ts';
import type { Claim } from '../../../../src/telemetry/spool/batch.ts';
import { SPOOL_DEFAULTS } from '../../../../src/telemetry/spool/options.ts';
import { Spool } from '../../../../src/telemetry/spool/spool.ts';
import { SpoolDirectory } from '../../../../src/telemetry/spool/spool-directory.ts';
import { noTotals, waitingOf } from '../../../../src/telemetry/spool/totals.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { alter, BOOT_ID, buildBatch, CONTEXT, marksOf } from './spool-builder.ts';

const RUNS = 40;
const COMMANDS_MAX = 40;
const MAX_BYTES = 2_000;
const CONTEXTS: readonly LogContext[] = [CONTEXT, { ...CONTEXT, resource: Uint8Array.of(0x0a, 1, 7) }];
const REFUSAL = { code: 'INVALID_ARGUMENT', reason: 'bad' };

/** A batch in the model. */
interface Known {
  /** Position in the order in which the batches were appended. */
  readonly number: number;
  readonly mark: string;
  readonly severity: Severity;
  readonly records: number;
  readonly bytes: number;
  readonly context: number;
}

/** The model of the spool: a list of batches, oldest first, and those in flight. */
interface Model {
  waiting: Known[];
  inFlight: { readonly claim: Claim; readonly batches: readonly Known[] }[];
  totals: ReturnType<typeof noTotals>;
  context: number;
  made: number;
  /** The database refuses every write. */
  full: boolean;
  /** Answered batches that are still in the database because it was full: after a crash they are pending again. */
  unsettled: Known[];
}

/** The spool under test and its directories. */
interface Real {
  readonly root: string;
  directory: string;
  spool: Spool;
  opened: number;
}

type Command = fc.Command<Model, Real>;

function recordsOf(batches: readonly Known[]): number {
  return batches.reduce((sum, { records }) => sum + records, 0);
}

function bytesOf(batches: readonly Known[]): number {
  return batches.reduce((sum, { bytes }) => sum + bytes, 0);
}

function merged(some: readonly Known[], others: readonly Known[]): Known[] {
  return [...some, ...others].sort((a, b) => a.number - b.number);
}

function open(directory: string, context: number): Spool {
  const options = { ...SPOOL_DEFAULTS, directory, maxBytes: MAX_BYTES };
  return new Spool(options, CONTEXTS[context] ?? CONTEXT, new SpoolDirectory(directory, BOOT_ID));
}

/** Asserts what must hold after every step. */
function assertAgrees(model: Model, { spool }: Real): void {
  const inFlight = model.inFlight.flatMap(({ batches }) => batches);
  const all = [...model.waiting, ...inFlight];
  assert.deepEqual(spool.totals, model.totals);
  assert.equal(waitingOf(spool.totals), recordsOf(all));
  assert.deepEqual(spool.waiting, { records: recordsOf(all), bytes: bytesOf(all) });
  for (const from of [0, 1, 2, 3] as const) {
    assert.equal(spool.unclaimed(from), recordsOf(model.waiting.filter(({ severity }) => severity >= from)));
  }
}

/** The batches that the model evicts to make room. */
function evict(model: Model): Known[] {
  const inFlight = model.inFlight.flatMap(({ batches }) => batches);
  let excess = bytesOf(model.waiting) + bytesOf(inFlight) - MAX_BYTES;
  const gone: Known[] = [];
  for (const severity of [0, 1, 2, 3]) {
    for (const batch of model.waiting.filter(batch => batch.severity === severity)) {
      if (excess <= 0) break;
      gone.push(batch);
      excess -= batch.bytes;
    }
    if (excess > 0) excess -= bytesOf(inFlight.filter(batch => batch.severity === severity));
  }
  return gone;
}

/** The batches that the model puts into one request. */
function choose(model: Model, records: number, bytes: number, inOrder: boolean): Known[] {
  const order = inOrder
    ? model.waiting
    : [3, 2, 1, 0].flatMap(severity => model.waiting.filter(batch => batch.severity === severity));
  const chosen: Known[] = [];
  for (const batch of order) {
    const more = [...chosen, batch];
    const fits = recordsOf(more) <= records && bytesOf(more) <= bytes && batch.context === more[0]?.context;
    if (!fits && chosen.length > 0) return chosen;
    chosen.push(batch);
  }
  return chosen;
}

/** The file that could not be written has been replaced by an empty one. */
function emptied(model: Model): void {
  model.full = false;
  model.unsettled = [];
}

class Append implements Command {
  readonly #batches: readonly { severity: Severity; records: number; bytes: number }[];

  constructor(batches: readonly { severity: Severity; records: number; bytes: number }[]) {
    this.#batches = batches;
  }

  check = () => true;

  run(model: Model, { spool }: Real): void {
    const added = this.#batches.map((batch, i) => ({
      ...batch,
      number: model.made + i,
      mark: `batch ${model.made + i}`,
      context: model.context,
    }));
    model.made += added.length;
    const append = () => spool.append(added.map(known => buildBatch(known.mark, known)));
    if (model.full) {
      assert.throws(append, MemwardenError);
      return;
    }
    append();
    model.waiting.push(...added);
    model.totals.appended += recordsOf(added);
    const gone = evict(model);
    model.waiting = model.waiting.filter(batch => !gone.includes(batch));
    model.totals.evicted.size += recordsOf(gone);
  }

  toString = () => `append ${JSON.stringify(this.#batches)}`;
}

class Take implements Command {
  readonly #limits: { records: number; bytes: number; inOrder: boolean };

  constructor(limits: { records: number; bytes: number; inOrder: boolean }) {
    this.#limits = limits;
  }

  check = () => true;

  run(model: Model, { spool }: Real): void {
    const { records, bytes, inOrder } = this.#limits;
    const chosen = choose(model, records, bytes, inOrder);
    const claim = spool.claim(this.#limits);
    assert.deepEqual(
      marksOf(claim),
      chosen.map(({ mark }) => mark),
    );
    assert.equal(claim?.records ?? 0, recordsOf(chosen));
    if (claim === undefined) return;
    assert.deepEqual(claim.context, CONTEXTS[chosen[0]?.context ?? 0]);
    model.waiting = model.waiting.filter(batch => !chosen.includes(batch));
    model.inFlight.push({ claim, batches: chosen });
  }

  toString = () => `claim ${JSON.stringify(this.#limits)}`;
}

/** An answer to the oldest request or to another one. */
class Answer implements Command {
  readonly #kind: 'accept' | 'refuse' | 'release';
  readonly #which: number;
  readonly #rejected: number;

  constructor(kind: 'accept' | 'refuse' | 'release', which: number, rejected: number) {
    this.#kind = kind;
    this.#which = which;
    this.#rejected = rejected;
  }

  check = ({ inFlight }: Model) => inFlight.length > 0;

  run(model: Model, { spool }: Real): void {
    const [request] = model.inFlight.splice(this.#which % model.inFlight.length, 1);
    assert.ok(request);
    const { claim, batches } = request;
    const records = recordsOf(batches);
    if (this.#kind === 'release') {
      spool.release(claim);
      model.waiting = merged(model.waiting, batches);
      return;
    }
    if (this.#kind === 'refuse') spool.refuse(claim, REFUSAL);
    else spool.accept(claim, this.#rejected);
    const refused = this.#kind === 'refuse' ? records : Math.min(this.#rejected, records);
    model.totals.refused += refused;
    model.totals.accepted += records - refused;
    if (!model.full) model.unsettled = [];
    else if (model.waiting.length === 0 && model.inFlight.length === 0) emptied(model);
    else model.unsettled.push(...batches);
  }

  toString = () => `${this.#kind} request ${this.#which} (${this.#rejected} rejected)`;
}

/** The process is killed: the next one opens its files as they are. Batches in flight are pending again. */
class Crash implements Command {
  readonly #context: number;

  constructor(context: number) {
    this.#context = context;
  }

  // answered batches that could not be deleted are sent again: only a full disk and a crash together cause that
  check = ({ full, unsettled }: Model) => !full && unsettled.length === 0;

  run(model: Model, real: Real): void {
    const { directory } = real;
    real.opened += 1;
    real.directory = join(real.root, String(real.opened));
    mkdirSync(real.directory);
    for (const name of ['spool.db', 'spool.db-wal', 'totals.json'])
      if (existsSync(join(directory, name))) copyFileSync(join(directory, name), join(real.directory, name));
    real.spool.close();
    reopen(model, real, this.#context);
  }

  toString = () => `crash, then Resource ${this.#context}`;
}

class Restart implements Command {
  readonly #context: number;

  constructor(context: number) {
    this.#context = context;
  }

  check = ({ full, unsettled }: Model) => !full && unsettled.length === 0;

  run(model: Model, real: Real): void {
    real.spool.close();
    reopen(model, real, this.#context);
  }

  toString = () => `restart, then Resource ${this.#context}`;
}

function reopen(model: Model, real: Real, context: number): void {
  real.spool = open(real.directory, context);
  model.context = context;
  model.waiting = merged(
    model.waiting,
    model.inFlight.flatMap(({ batches }) => batches),
  );
  model.inFlight = [];
  assert.equal(real.spool.inherited, recordsOf(model.waiting));
}

/** A row that cannot be read, as on a damaged page; it is read at once, so the file is rebuilt from the other rows. */
class Damage implements Command {
  check = () => true;

  run(model: Model, { spool, directory }: Real): void {
    alter(
      directory,
      'DROP TRIGGER IF EXISTS full0; ' +
        'INSERT INTO batch (id, context, severity, records, bytes, created, checksum, body) ' +
        "VALUES (-1, 1, 0, 9223372036854775807, 1, -9223372036854775807, 1, x'00')",
    );
    spool.evictExpired();
    emptied(model);
  }

  toString = () => 'damage';
}

/** From now on the disk refuses changes, or accepts them again. */
class Full implements Command {
  readonly #full: boolean;

  constructor(full: boolean) {
    this.#full = full;
  }

  check = ({ full }: Model) => full !== this.#full;

  run(model: Model, { directory }: Real): void {
    model.full = this.#full;
    const on = ['INSERT ON batch', 'DELETE ON batch'];
    alter(
      directory,
      on
        .map((event, i) =>
          this.#full
            ? `CREATE TRIGGER full${i} BEFORE ${event} BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;`
            : `DROP TRIGGER IF EXISTS full${i};`,
        )
        .join(' '),
    );
  }

  toString = () => (this.#full ? 'the disk is full' : 'the disk has room again');
}

/** A random sequence of steps, after each of which the spool agrees with the model. */
class Checked implements Command {
  readonly #command: Command;

  constructor(command: Command) {
    this.#command = command;
  }

  check = (model: Readonly<Model>): boolean => this.#command.check(model);

  run(model: Model, real: Real): void {
    this.#command.run(model, real);
    assertAgrees(model, real);
  }

  toString = (): string => this.#command.toString();
}

const severity = fc.constantFrom<Severity>(0, 1, 2, 3);
const batch = fc.record({
  severity,
  records: fc.integer({ min: 1, max: 9 }),
  bytes: fc.integer({ min: 20, max: 400 }),
});
const limits = fc.record({
  records: fc.integer({ min: 1, max: 40 }),
  bytes: fc.integer({ min: 1, max: 1_500 }),
  inOrder: fc.boolean(),
});
const number = fc.nat(9);
const context = fc.constantFrom(0, 1);
const commands: fc.Arbitrary<Command>[] = [
  fc.array(batch, { minLength: 1, maxLength: 5 }).map(batches => new Append(batches)),
  fc.array(batch, { minLength: 1, maxLength: 5 }).map(batches => new Append(batches)),
  limits.map(limits => new Take(limits)),
  limits.map(limits => new Take(limits)),
  fc.tuple(number, number).map(([which, rejected]) => new Answer('accept', which, rejected)),
  number.map(which => new Answer('refuse', which, 0)),
  number.map(which => new Answer('release', which, 0)),
  context.map(context => new Crash(context)),
  context.map(context => new Restart(context)),
  fc.constant(new Damage()),
  fc.boolean().map(full => new Full(full)),
];

test('after any operations, crashes and damage every record is where the accounts say, and none is sent twice', t => {
  const root = temporaryDirectory(t);
  let runs = 0;
  fc.assert(
    fc.property(
      fc.commands(
        commands.map(command => command.map(command => new Checked(command))),
        { maxCommands: COMMANDS_MAX, size: '+1' },
      ),
      commands => {
        runs += 1;
        const of = join(root, String(runs));
        const directory = join(of, '0');
        mkdirSync(directory, { recursive: true });
        const real: Real = { root: of, directory, spool: open(directory, 0), opened: 0 };
        const model: Model = {
          waiting: [],
          inFlight: [],
          totals: noTotals(),
          context: 0,
          made: 0,
          full: false,
          unsettled: [],
        };
        try {
          fc.modelRun(() => ({ model, real }), commands);
        } finally {
          real.spool.close();
        }
      },
    ),
    { numRuns: RUNS },
  );
});
