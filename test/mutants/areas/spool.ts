import { type Area, mutantsOf } from '../mutant.ts';

const FOLDER = 'src/telemetry/spool';
const TESTS = 'test/unit/telemetry/spool';

export const spool: Area = {
  name: 'spool',
  target: 90,
  tests: ['claims', 'durability', 'spool', 'own-database', 'damage', 'inspect', 'model'].map(
    name => `${TESTS}/${name}.test.ts`,
  ),
  mutants: [
    ...mutantsOf(`${FOLDER}/selection.ts`, [
      [' && sameContext;', ';', 'one request mixes the records of two Resources'],
      ['if (taken(row.id)) continue;', '', 'a batch under way is sent a second time'],
      ['records <= limits.records && ', '', 'a request has more records than it may'],
      ['bytes <= limits.bytes && ', '', 'a request is larger than it may be'],
      ['if (!fits && chosen.length > 0)', 'if (!fits)', 'a batch larger than a request is never sent'],
      [
        'limits.inOrder ? [undefined]',
        '!limits.inOrder ? [undefined]',
        'severe records wait behind harmless ones',
      ],
      [
        'readonly Severity[] = [3, 2, 1, 0]',
        'readonly Severity[] = [3, 2, 1]',
        'what is reported as information is never sent',
      ],
      [
        'readonly Severity[] = [0, 1, 2, 3]',
        'readonly Severity[] = [3, 2, 1, 0]',
        'the most severe go first for want of room',
      ],
      ['inFlight += row.bytes;', '', 'severe ones go for the room of those under way'],
      ['left -= inFlight;', '', 'severe ones go for the room of those under way'],
      ['      left -= row.bytes;\n', '', 'a full spool gives up everything'],
    ]),
    ...mutantsOf(`${FOLDER}/spool.ts`, [
      [
        'expired.filter(({ id }) => !this.#taken(id))',
        'expired',
        'what is under way is given up for its age, and counted twice',
      ],
      [
        'for (const id of this.#settled) table.remove(id);',
        '',
        'answered batches are sent again after damage',
      ],
      ['table.reserveIds(this.#lastId);', '', 'an id is used again in a rebuilt file'],
      [
        'table.insert({ ...content, context: table.contextId(context) }, id);',
        ';',
        'what was under way is lost with a damaged file',
      ],
      ['Math.min(rejected, claim.records)', 'rejected', 'more records are refused than were sent'],
      [
        'this.#totals.accepted += claim.records - refused;',
        'this.#totals.accepted += claim.records;',
        'rejected records count as accepted',
      ],
      [
        '(damaged || waitingOf(storedTotals) > found)',
        'damaged',
        'records that a damaged log forgot are not missed',
      ],
      [
        '(damaged || waitingOf(storedTotals) > found)',
        '(waitingOf(storedTotals) > found)',
        'a damaged file hides what it had',
      ],
      [
        'table.transaction(true, () => {\n        const totals',
        'table.transaction(false, () => {\n        const totals',
        'an append does not wait for the disk',
      ],
      ['this.#directory?.write(totals);', '', 'the second witness does not know of what was appended'],
      [
        'this.#directory?.write(this.#totals);\n    try',
        'try',
        'the second witness promises records that were answered',
      ],
      ['for (const { id } of evicted) table.remove(id);', '', 'the file grows without end'],
      [
        'table.changeCheckpoint(checkpoint);\n        totals',
        'totals',
        'what a restart must know is not written',
      ],
      [
        'for (const settle of this.#settlements) settle(table);',
        'settlement(table);',
        'answers that met a full disk are forgotten',
      ],
      [
        '      this.#settlements = [];\n      this.#settled.clear();\n      this.#hasWarned',
        '      this.#hasWarned',
        'answered batches are remembered for ever',
      ],
      ['if (batch && context) claimed.push', 'if (context) claimed.push', 'a damaged batch is sent'],
      ['crc32(content.body) !== content.checksum', 'false', 'changed bytes are sent to the collector'],
      [
        'this.#unclaimed.subtract(row);\n      this.#fresh',
        'this.#fresh',
        'the sender looks for work that is under way',
      ],
      [
        'for (const row of this.#unclaim(claim)) this.#unclaimed.add(row);',
        'this.#unclaim(claim);',
        'what failed once is not sent until a restart',
      ],
      ['table.trimRefused(this.#options.maxRefusedBytes);', '', 'refused batches fill the disk'],
      ['this.#totals.evicted.corruption += missing;', '', 'losses by damage are not counted'],
      ['this.#totals.appended -= missing;', '', 'records saved from a file without totals are in no book'],
      [
        'Math.trunc(this.#clockZero + performance.now())',
        'Date.now()',
        'a clock that is set ages what waits',
      ],
      ['this.evictExpired();\n  }', '}', 'what is too old at the start is sent'],
      [
        'table.trimContexts(table.contextId(this.#context))',
        'table.contextId(this.#context)',
        'the Resources of all earlier runs stay in the file',
      ],
      [
        'this.#waiting.records() === 0 && this.#directory !== undefined',
        'false',
        'a full disk is never given its room back',
      ],
      [
        'table.transaction(true, () => table.changeCheckpoint(checkpoint))',
        'table.checkpoint()',
        'a full disk makes a restart forget what it must know',
      ],
    ]),
    ...mutantsOf(`${FOLDER}/batch-table.ts`, [
      [
        "durable ? 'FULL' : 'NORMAL'",
        "durable ? 'OFF' : 'OFF'",
        'a power cut takes what was said to be safe',
      ],
      ["durable ? 'FULL' : 'NORMAL'", "'NORMAL'", 'a power cut takes what was said to be safe'],
      [
        "if (this.#database.isTransaction) this.#database.exec('ROLLBACK');",
        '',
        'half an append is written with the next one',
      ],
      ['ORDER BY id`,', 'ORDER BY id DESC`,', 'the newest are sent first'],
      ["UNION SELECT context FROM refused'", "'", 'a refused record loses its Resource'],
      ['if (kept > bytes)', 'if (kept < bytes)', 'the newest refused batches are deleted'],
      ['FROM refused ORDER BY id DESC', 'FROM refused ORDER BY id', 'the newest refused batches are deleted'],
    ]),
    ...mutantsOf(`${FOLDER}/spool-directory.ts`, [
      ['found.closed || found.bootId === this.#bootId', 'true', 'a witness of another boot is believed'],
      [
        'found.closed || found.bootId',
        'found.bootId',
        'a witness that was closed is not believed after a boot',
      ],
      [
        "if (unlock === undefined) throw new Error('another process is using it');",
        '',
        'two sidecars write one spool',
      ],
    ]),
    ...mutantsOf(`${FOLDER}/totals-file.ts`, [
      [
        'bootId: this.#bootId, closed: true',
        'bootId: this.#bootId, closed: false',
        'an end in good order looks like a kill',
      ],
      ['numbers.length === 6 &&', '', 'half a witness is believed'],
    ]),
    ...mutantsOf(`${FOLDER}/own-database.ts`, [
      [
        'for (const suffix of COMPANIONS) assertOwnFile(path + suffix);',
        '',
        'a log that is a link is written through it',
      ],
      [
        'assertSameFile(path, fstatSync(file));',
        '',
        'SQLite writes to a file that was put there while it was opened',
      ],
    ]),
    ...mutantsOf(`${FOLDER}/spool-file.ts`, [
      [
        'table.changeCheckpoint(salvageCheckpoint(aside));',
        '',
        'a damaged file makes a restart forget what it must know',
      ],
      [
        'table.contextId(context) }, id);',
        'table.contextId(context) });',
        'a batch under way is mistaken for another one after damage',
      ],
      ['if (check) quickCheck(this.#database);', '', 'damage is met only when the batch is due'],
      [
        'this.#onReplaced(this.#table);\n      return work',
        'return work',
        'what was under way is lost with a damaged file',
      ],
    ]),
    ...mutantsOf(`${FOLDER}/damage.ts`, [
      [
        'content && context && crc32(content.body) === content.checksum',
        'content && context',
        'a damaged batch is saved, and counts as refused',
      ],
      [
        'if (existsSync(path + suffix)) renameSync',
        "if (suffix === '' && existsSync(path + suffix)) renameSync",
        'the log of a damaged file is played into the new one',
      ],
      [
        'if (isDatabase && statSync(path).size < bytes) truncateSync(path, bytes);',
        '',
        'nothing is saved of a file that was cut short',
      ],
    ]),
    ...mutantsOf(`${FOLDER}/totals.ts`, [
      [
        'return evicted.size + evicted.age + evicted.corruption;',
        'return evicted.size + evicted.age;',
        'losses by damage are found again at each start',
      ],
      [
        'totals.appended - totals.accepted - totals.refused -',
        'totals.appended - totals.accepted -',
        'refused records look lost',
      ],
    ]),
    ...mutantsOf(`${FOLDER}/owner-lock.ts`, [["BEGIN EXCLUSIVE'", "BEGIN'", 'two sidecars write one spool']]),
    ...mutantsOf(`${FOLDER}/fresh-bodies.ts`, [
      [
        'if (this.#bytes <= BYTES_MAX) return;',
        'return;',
        'what waits for a collector that is away stays in memory',
      ],
    ]),
  ],
};
