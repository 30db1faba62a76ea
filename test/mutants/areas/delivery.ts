import { type Area, mutantsOf } from '../mutant.ts';

const FOLDER = 'src/telemetry/delivery';
const TESTS = 'test/unit/telemetry';

export const delivery: Area = {
  name: 'delivery',
  target: 90,
  tests: [
    ...['delivery/sender', 'delivery/processor', 'delivery/backoff', 'delivery/pending-records'],
    ...['delivery/collector-state', 'otlp/buffer-pool', 'otlp/credentials', 'otlp/log-encoder'],
    ...['otlp/detection-encoder', 'otlp/writer-properties', 'delivery/pace', 'delivery/otlp-processor'],
  ].map(name => `${TESTS}/${name}.test.ts`),
  mutants: [
    ...mutantsOf(`${FOLDER}/sender.ts`, [
      [
        'Math.min(delayMillis ?? 0, ASKED_WAIT_MAX_MILLIS)',
        '(delayMillis ?? 0)',
        'a mistaken answer ends the delivery',
      ],
      [
        'else if (now >= this.#pausedUntil) this',
        'else this',
        'four requests that fail together cost four steps of the backoff',
      ],
      ["outcome.kind === 'accepted' && !bodies", '!bodies', 'a buffer is used again under a live request'],
      [' && !bodies.some(({ buffer }) => buffer === request.buffer)', '', 'a buffer is given back twice'],
      ['rejected += part.length;', '', 'an oversize record counts as accepted'],
      ['rejected += outcome.rejected;', '', 'what is rejected of the parts counts as accepted'],
      ['if (asked > 0)', 'if (asked >= 0)', 'a server that asks for no wait is asked without end'],
      [
        'this.#pausedUntil = Math.max(this.#pausedUntil, now + asked)',
        'this.#pausedUntil = now + this.#backoff.next()',
        'the wait that a server asks for is not kept',
      ],
      [
        "outcome.blame === 'size' && claim.records > 1",
        "outcome.blame === 'size'",
        'one record that is too large is asked for again and again',
      ],
      [
        "} else if (outcome.blame === 'connection') {",
        "} else if (outcome.kind !== 'refused') {",
        'an expired token sets the records aside',
      ],
      [
        'this.#spool.refuse(claim, outcome);',
        'this.#spool.release(claim);',
        'a refusal for good is asked again for ever',
      ],
      [
        'if (this.#stopped) return;\n    switch',
        'switch',
        'an answer after the end writes into a closed spool',
      ],
      [
        "outcome.kind === 'retry' || (outcome.kind === 'refused' && outcome.blame === 'connection')",
        "outcome.kind === 'retry'",
        'an expired token between the parts refuses records',
      ],
      [
        'this.#options.preserveOrder ? this.#options.maxInFlight : 1',
        'this.#options.preserveOrder ? this.#options.maxInFlight : this.#options.maxInFlight',
        'records arrive out of order',
      ],
      [
        'this.#state.problem === undefined && !this',
        '!this',
        'a collector in doubt is asked by all requests',
      ],
      ['this.#spool.unclaimed(HIGH) > 0 ||', '', 'what is severe waits for company'],
      ['this.#spool.unclaimed() >= maxExportBatchSize ||', '', 'a full request waits for its time'],
      [
        'while (this.#spool.unclaimed() > 0 && this',
        'while (this',
        'from the second request on nothing waits for company',
      ],
      ['if (now < this.#pausedUntil) {', 'if (false) {', 'a wait ends with the next record'],
      ['if (!this.#flushing) this.#pump();', '', 'what came during a request is not sent'],
      ['this.#transport.close();\n  }\n\n  #pump', '}\n\n  #pump', 'the connection outlives the end'],
      [
        'await Promise.race([this.flush(), deadline]);',
        'await this.flush();',
        'the end waits for a collector for ever',
      ],
      [
        'size = Math.ceil(part.length / 2);',
        'size = part.length;',
        'a request that is too large is tried without end',
      ],
      ['at += part.length;', 'at += size;', 'the part behind a smaller one is left out'],
      [
        'this.#spool.accept(claim, rejected);',
        'this.#spool.accept(claim, 0);',
        'an oversize record counts as accepted',
      ],
      [
        'this.#spool.release(claim);\n    this.#oldestSince',
        'this.#oldestSince',
        'what failed is not sent until a restart',
      ],
      ['for (const body of claim.bodies) this.#memory.give(body);', '', 'no buffer is used twice'],
      ['this.#state.failed(reason);', '', 'nobody knows that the collector is away'],
      ['this.#backoff.reset();\n        this', 'this', 'a wait grows over successes'],
      [
        '() => this.#tryOnSpool(() => spool.evictExpired())',
        '() => undefined',
        'what is too old is kept for ever',
      ],
      [
        'if (claim === undefined) {\n        this.#pumpAfter(this.#options.retryInitialMillis);',
        'if (claim === undefined) {',
        'a disk that failed once ends the delivery',
      ],
      ['      this.#flushing = false;\n', '', 'after a flush nothing waits for company'],
    ]),
    ...mutantsOf(
      `${FOLDER}/otlp-processor.ts`,
      [
        ['this.#emitted += 1;', '', 'what was emitted is in no book'],
        ['this.#unencodable += 1;', '', 'a record that cannot be encoded is in no book'],
        [
          'refused: refused + this.#unencodable,',
          'refused,',
          'a record that cannot be encoded is in no book',
        ],
        [
          'sum + records, recordsOf(this.#batches)',
          'sum + records, 0',
          'records that wait for the disk are in no book',
        ],
        [
          '(sum, { records }) => sum + records, recordsOf(this.#batches)',
          'sum => sum, recordsOf(this.#batches)',
          'records that wait for their batch are in no book',
        ],
        [
          '(sum, { records }) => sum + records, recordsOf(this.#batches)',
          '(_, { records }) => records, recordsOf(this.#batches)',
          'records of one severity alone are in the books',
        ],
        [
          'inherited: this.#spool.inherited,',
          'inherited: 0,',
          'records of an earlier process come from nowhere',
        ],
        [
          'this.#lost = this.#unspooled();',
          '',
          'records that never reached the disk are lost in silence at the end',
        ],
        ['if (this.#lost > 0)', 'if (this.#lost < 0)', 'nobody reads that records were lost at the end'],
        [
          'this.#checkpointMatters ||= force && changes.size > 0;',
          'this.#checkpointMatters ||= changes.size > 0;',
          'an idle sidecar writes its position every second',
        ],
        [
          'this.#checkpointMatters ||= force && changes.size > 0;',
          '',
          'what a restart must know is not written',
        ],
        ['this.#checkpoint.clear();', '', 'an old checkpoint is written again with all that follows'],
        ['this.#batches = [];\n        this', 'this', 'records are spooled again with the next ones'],
        ['if (this.#isHurried) throw error;', '', 'a full disk keeps the process from its end'],
        [
          'if (!(error instanceof MemwardenError)) throw error;',
          'throw error;',
          'a full disk ends the process',
        ],
        [
          'for (const pending of this.#pending.values()) this.#cut(pending);',
          '',
          'nothing is spooled before a batch is full',
        ],
        [
          'this.#writing = writing.catch(() => undefined);',
          'this.#writing = writing;',
          'one failure fails every later persist',
        ],
        ['value === 1 || value === 2 || value === 3 ? value : 0', '0', 'what is severe is sent last'],
        ['inFlight: records - this.#spool.unclaimed()', 'inFlight: records', 'everything looks under way'],
        ['if (full !== undefined) this.#batches.push(full);', '', 'a full batch is lost'],
        ['if (!this.#stopped) this.#sender.wake();', '', 'nobody wakes the sender'],
      ],
      'processor',
    ),
    ...mutantsOf(`${FOLDER}/pending-records.ts`, [
      ['this.#writer.truncate(start);\n      throw', 'throw', 'half a record breaks its batch'],
      [
        'this.#writer.raw(record);\n    this.#records = 1;',
        'this.#writer.raw(record);',
        'a record is sent and not counted',
      ],
      [
        'this.#records >= this.#limits.records',
        'this.#records > this.#limits.records',
        'a batch is larger than a request may be',
      ],
    ]),
    ...mutantsOf(`${FOLDER}/backoff.ts`, [
      [
        'Math.min(this.#initialMillis * 2 ** this.#attempts, this.#maxMillis)',
        'this.#initialMillis * 2 ** this.#attempts',
        'a wait grows without end',
      ],
      ['0.5 + this.#random() / 2', '1', 'all senders come back at the same moment'],
    ]),
    ...mutantsOf('src/telemetry/otlp/credentials.ts', [
      ['(?<!-bin)', '', 'a header that ends in -bin throws at the first request'],
    ]),
    ...mutantsOf('src/telemetry/otlp/buffer-pool.ts', [
      [
        'if (!this.#taken.delete(buffer)) return;',
        'this.#taken.delete(buffer);',
        'memory of somebody else is given to the next request',
      ],
      [
        'this.#taken.get(buffer) === byteOffset ? byteOffset : 0',
        'byteOffset',
        'the second of two bodies is overwritten by a head',
      ],
      ['length <= wanted * WASTE_MAX &&', '', 'a small batch keeps a large buffer'],
    ]),
    ...mutantsOf('src/telemetry/otlp/detection-encoder.ts', [
      [
        'before?.details === details &&',
        'before !== undefined &&',
        'a process has the command line of before',
      ],
      [
        ' && isSameMoment(before.clocksNs, clocksNs)',
        '',
        'a process has the start time of before the clock was set',
      ],
    ]),
    ...mutantsOf(
      'src/telemetry/record/record.ts',
      [
        ['    hook,\n    exception,\n', '    hook,\n', 'a record names the exception of another one'],
        [
          '    severity,\n    hook,\n    exception,\n',
          '    hook,\n    exception,\n',
          'a record has the severity of another one',
        ],
      ],
      'detection-encoder',
    ),
    ...mutantsOf(
      'src/telemetry/otlp/attribute-writer.ts',
      [['value >= -INT64_END && value < INT64_END', 'true', 'one huge number has a whole request refused']],
      'log-encoder',
    ),
    ...mutantsOf(
      'src/telemetry/otlp/message-writer.ts',
      [
        [
          'if (bytes !== value.length) buffer.write',
          'if (false) buffer.write',
          'text beyond ASCII is broken',
        ],
        [
          'while (rest > 0x7f_ff_ff_ff)',
          'while (rest > 0x7f_ff_ff_ff_ff)',
          'numbers beyond 31 bits are wrong',
        ],
        ['this.#buffer.copyWithin(start + excess, start, this.#end)', 'undefined', 'long records are broken'],
      ],
      'log-encoder',
    ),
  ],
};
