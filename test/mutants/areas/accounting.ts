import { type Area, mutantsOf } from '../mutant.ts';

const WATCH = 'src/accounting/loss-watch.ts';

export const accounting: Area = {
  name: 'accounting',
  target: 90,
  tests: [
    'test/unit/accounting/loss-sums.test.ts',
    'test/unit/accounting/loss-watch.test.ts',
    'test/unit/detect/detection-stage.test.ts',
    'test/unit/accounting/accounts.test.ts',
  ],
  mutants: [
    ...mutantsOf(
      WATCH,
      [
        [
          '(sum, reason) => sum + source.reportedDrops.count(snapshot.cpu, reason)',
          '(_, reason) => source.reportedDrops.count(snapshot.cpu, reason)',
          'drops of one reason are counted again after a restart',
        ],
        [
          '.reduce((sum, count) => sum + count, 0n)',
          '.reduce((_, count) => count, 0n)',
          'drops of one reason look like gaps',
        ],
        ['if (count <= 0n) continue;', 'if (count < 0n) continue;', 'nothing lost is reported every second'],
        [
          'this.#source.reportedDrops.report(cpu, reason, dropped[reason]);',
          '',
          'a drop is reported again and again',
        ],
        [
          'reportedDrops.report(cpu, reason, dropped[reason])',
          'reportedDrops.report(cpu, reason, count)',
          'a drop is reported again with the next one',
        ],
        [
          'dropped[reason] - this.#source.reportedDrops.count(cpu, reason)',
          'dropped[reason]',
          'what an earlier process has reported is reported again',
        ],
        ['this.#source.reportedDrops.save();', '', 'a drop is reported again after a restart'],
        [
          'total: dropped[reason], ...interval',
          'total: count, ...interval',
          'two drops of one number are one and the same record',
        ],
        [
          'total: counters.sequence, ...interval',
          'total: count, ...interval',
          'two gaps of one number are one and the same record',
        ],
        [
          'countersSinceNs: this.#source.reportedDrops.sinceNs,\n    };',
          'countersSinceNs: 0n,\n    };',
          'a loss is the same record as one before the counters began anew',
        ],
        [
          'countersSinceNs: this.#source.reportedDrops.sinceNs,\n      });',
          'countersSinceNs: 0n,\n      });',
          'what another version left is the same record at each change of version',
        ],
        [
          'this.#waiting.splice(0)',
          '[...this.#waiting]',
          'what another version left is reported every second',
        ],
        ['this.#count(cpu, reason, count);\n        losses', 'losses', 'what is lost is in no book'],
        ['this.#count(cpu, SEQUENCE_GAP, count);', '', 'a gap is in no book'],
        [
          'this.#drained ? this.#findGap(counters) : 0n',
          'this.#findGap(counters)',
          'what is in the ring buffer is called lost',
        ],
        ['    this.#drained = false;\n', '', 'what is in the ring buffer is called lost'],
        ['balance.gaps += gap;', '', 'a gap is reported again and again'],
        ['missing < before ? missing : before', 'missing', 'two events with one number are called a loss'],
        [
          'balance.base === undefined || base < balance.base',
          'balance.base === undefined',
          'a drop that is counted late is missing in the books',
        ],
        ['balance.ahead = 0;', '', 'what came since the last look is counted twice'],
        [
          'if (sequence > balance.snapshot.sequence) balance.ahead += 1;',
          '',
          'what came since the last look hides a gap',
        ],
        ["kind === 'repeat' ? repeatCount : 1n", '1n', 'a thousand repeats were seen once'],
        ['this.#unnumbered += count;\n', '\n', 'records that nobody can read were never captured'],
        ['this.#notices += losses.length;', '', 'records of losses come from nowhere'],
        [
          'this.#unnumbered + this.#source.pendingRepetitions()',
          'this.#unnumbered',
          'repeats that wait in the kernel were never captured',
        ],
        [
          'sum + counters.sequence - base - reportedBefore',
          'sum + counters.sequence - base',
          'drops of an earlier process are captured again',
        ],
        [
          'BigInt(received) + droppedOf(counters) - reportedBefore',
          'BigInt(received) + droppedOf(counters)',
          'drops of an earlier process are captured again',
        ],
        [
          'const key = `${cpu} ${reason}`;',
          'const key = reason;',
          'the losses of one CPU are those of another',
        ],
        ['count: count + (this.#lost.get(key)?.count ?? 0n)', 'count', 'only the last loss is in the books'],
        ['this.#sinceUnixNs = endUnixNs;', '', 'each loss is said to have begun at the start'],
      ],
      'loss-watch',
    ),
    ...mutantsOf(
      'src/accounting/accounts.ts',
      [
        ['lost += Number(count)', 'lost = Number(count)', 'the losses of one CPU alone are in the books'],
        [
          'captured - detected - filtered - excepted - lost',
          'captured - detected - filtered - lost',
          'what was excepted looks under way',
        ],
      ],
      'stage',
    ),
    ...mutantsOf('src/detect/detection-stage.ts', [
      [
        'this.#detections.summarized += detection.repeat.count;',
        'this.#detections.summarized += 1;',
        'a summary of a thousand is one detection',
      ],
      ['this.#detections.reported += 1;', '', 'records of detections come from nowhere'],
      ['      this.#summaries += 1;\n', '', 'the records of summaries come from nowhere'],
      [
        'this.#detections.found += count * found.length;',
        'this.#detections.found += found.length;',
        'a thousand repeats are one detection',
      ],
      [
        'this.#detections.found += count * found.length;',
        'this.#detections.found += count;',
        'an event that is two detections counts as one',
      ],
      ['this.#detections.excepted += count * (found.length - kept);', '', 'what was excepted is in no book'],
      [
        'this.#detections.excepted += count * (found.length - kept);',
        'this.#detections.excepted += found.length - kept;',
        'a thousand excepted repeats are one detection',
      ],
      ['      kept += 1;\n', '', 'a detection that was reported counts as excepted'],
      [
        'if (found.length === 0) this.#events.filtered += count;',
        'if (found.length === 0) this.#events.filtered += 1;',
        'a thousand repeats that no signature matches are one event',
      ],
      [
        'else if (kept === 0) this.#events.excepted',
        'else if (kept < 0) this.#events.excepted',
        'a dropped event counts as detected',
      ],
      [
        'else if (kept === 0) this.#events.excepted',
        'else if (kept < found.length) this.#events.excepted',
        'an event of which a part is reported counts as dropped',
      ],
      ['else this.#events.detected += count;', '', 'an event that is reported looks under way'],
      ['pending: this.#storm.pending()', 'pending: 0', 'what waits for its summary is in no book'],
      [
        'this.#detections.found += summary.repeat?.count ?? 0;',
        '',
        'a summary of an earlier process is in no book',
      ],
      ['this.#settled.set(name, null);', '', 'a summary of an earlier process is reported at each start'],
      ['this.#settled.clear();', '', 'checkpoint entries that are gone are deleted again and again'],
      [
        'if (!name.startsWith(ENTRY)) continue;',
        '',
        'the checkpoint entries of other stages are taken for summaries',
      ],
      ["kind === 'repeat' ? Number(repeatCount) : 1", '1', 'a thousand repeats are one event'],
      ['this.#events.filtered += countOf(event);', '', 'the sidecar’s own acts are in no book'],
    ]),
  ],
};
