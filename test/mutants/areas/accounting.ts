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
          '(sum, reason) => sum + source.reported.count(snapshot.cpu, reason)',
          '(_, reason) => source.reported.count(snapshot.cpu, reason)',
          'drops of one reason are counted again after a restart',
        ],
        [
          '.reduce((sum, count) => sum + count, 0n)',
          '.reduce((_, count) => count, 0n)',
          'drops of one reason look like gaps',
        ],
        ['if (count <= 0n) continue;', 'if (count < 0n) continue;', 'nothing lost is reported every second'],
        [
          'this.#source.reported.report(cpu, reason, dropped[reason]);',
          '',
          'a drop is reported again and again',
        ],
        ['this.#source.reported.save();', '', 'a drop is reported again after a restart'],
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
        'detections.summarized += detection.repeat.count;',
        'detections.summarized += 1;',
        'a summary of a thousand is one detection',
      ],
      ['      summaries += 1;\n', '', 'the records of summaries come from nowhere'],
      [
        'detections.found += count * detections.length;',
        'detections.found += detections.length;',
        'a thousand repeats are one detection',
      ],
      ['detections.excepted += count * (detections.length - kept);', '', 'what was excepted is in no book'],
      [
        'else if (kept === 0) events.excepted',
        'else if (kept < 0) events.excepted',
        'a dropped event counts as detected',
      ],
      [
        'detections.found += summary.repeat?.count ?? 0;',
        '',
        'a summary of an earlier process is in no book',
      ],
      ['settled.set(name, null);', '', 'a summary of an earlier process is reported at each start'],
      ['settled.clear();', '', 'forgotten checkpoint are forgotten again and again'],
      [
        'if (!name.startsWith(ENTRY)) continue;',
        '',
        'the checkpoint of other stages are taken for summaries',
      ],
      ["kind === 'repeat' ? Number(repeatCount) : 1", '1', 'a thousand repeats are one event'],
      ['events.filtered += countOf(event);', '', 'the sidecar’s own acts are in no book'],
    ]),
  ],
};
