import { type Area, mutantsOf } from '../mutant.ts';

const TESTS = 'test/unit/capture';

export const capture: Area = {
  name: 'capture',
  target: 90,
  tests: [
    ...['maps/kernel-state', 'maps/repeats', 'ring/ring-buffer', 'hooks/hook-selection', 'hooks/programs'],
    ...['ring/decoder', 'ring/decoder-properties', 'hooks/ladders', 'hooks/skipped-runs'],
  ].map(name => `${TESTS}/${name}.test.ts`),
  mutants: [
    ...mutantsOf(
      'src/capture/maps/reported-drops.ts',
      [
        ['this.#changed = true;', '', 'saved drops are never written: a restart reports them again'],
        ['if (!this.#changed) return;', '', 'the map is written every second'],
        ['    this.#changed = false;\n', '', 'the map is written every second'],
        ['cpu * REPORTED_SIZE +', '', 'drops of all CPUs are those of the first'],
        ['8 * DROP_REASONS.indexOf(reason)', '0', 'drops of all reasons are those of the first'],
      ],
      'kernel-state',
    ),
    ...mutantsOf(
      'src/capture/maps/events-awaiting-result.ts',
      [
        ['< WAIT_MAX_NS) continue;', '< 0n) continue;', 'an open is reported before its outcome is there'],
        ['< WAIT_MAX_NS) continue;', '>= 0n) continue;', 'stale opens fill the kernel’s table'],
        [
          '=== 0 && event !== undefined',
          '<= 0 && event !== undefined',
          'an open that ends at that moment is reported twice',
        ],
        ['{ ...event, result: undefined }', 'event', 'an open without an outcome is called a success'],
      ],
      'kernel-state',
    ),
    ...mutantsOf(
      'src/capture/ring/resume-point.ts',
      [
        [
          'if (view.getBigUint64(0, true) === this.#createdNs) this',
          'this',
          'another kernel’s resume point makes this one lose events',
        ],
        ['entry?.length !== ENTRY_BYTES', 'entry === undefined', 'a truncated entry ends the start'],
        ['view.setBigUint64(8, this.#ring.position, true);', '', 'a restart reads everything again'],
      ],
      'ring-buffer',
    ),
    ...mutantsOf('src/capture/ring/ring-buffer.ts', [
      ['if (header & BUSY_BIT) break;', '', 'half a record is read'],
      ['if (header & DISCARD_BIT) continue;', '', 'a record that was given up is read'],
      ['position > this.#position && position <= this.end', 'position <= this.end', 'events are read twice'],
      [
        'position > this.#position && position <= this.end',
        'position > this.#position',
        'a wrong checkpoint makes the ring stand still',
      ],
      [
        '(length + HEADER_BYTES + 7) & ~7',
        'length + HEADER_BYTES',
        'the second record is read from within the first',
      ],
      ['visited < limit', 'true', 'one round keeps the event loop for a whole storm'],
      [
        'Atomics.store(this.#consumerPosition, 0, this.#position);',
        '',
        'the kernel never gets its room back',
      ],
    ]),
    ...mutantsOf('src/capture/maps/repeats.ts', [
      [
        'reportedCount: isOurs ? reportedCount : 0n,',
        'reportedCount: 0n,',
        'repeats are counted twice after a restart',
      ],
      [
        'reportedBytes: isOurs ? reported.readBigUInt64LE(8) : 0n,',
        'reportedBytes: 0n,',
        'bytes are counted twice after a restart',
      ],
      [
        'const isOurs = reportedCount <= value.readBigUInt64LE(REPEAT.count);',
        'const isOurs = true;',
        'repeats of a count that began anew are never reported',
      ],
      ['if (isOurs) this.#changes.delete(name);', '', 'what was reported is forgotten with the restart'],
      [
        'if (name.startsWith(ENTRY)) this.#changes.set(name, null);',
        '',
        'checkpoint entries of what nobody follows stay for ever',
      ],
      ['if (nowNs !== undefined && nowNs < windowEnd) continue;', '', 'a storm is reported every second'],
      ['followed.reportedCount = count;', '', 'repeats are reported again and again'],
      ['followed.reportedBytes = bytes;', '', 'bytes are counted again and again'],
      ['bytes - followed.reportedBytes', 'bytes', 'bytes are counted again and again'],
      [
        'repeatCount: count - followed.reportedCount,',
        'repeatCount: count,',
        'repeats are counted again and again',
      ],
      [
        "this.#changes.set(ENTRY + key.toString('hex'), entry);",
        '',
        'what was reported is reported again after a restart',
      ],
      [
        '> IDLE_WINDOWS * this.#windowNs)',
        '> IDLE_WINDOWS * 0n)',
        'the kernel forgets what is still going on',
      ],
      [
        'this.#libbpf.deleteElement(this.#mapFd, key);\n    this.#followed',
        'this.#followed',
        'the kernel’s table fills up',
      ],
      [
        'if (reportedCount > 0n) this.#changes.set',
        'if (reportedCount < 0n) this.#changes.set',
        'checkpoint entries of what is over stay for ever',
      ],
      ['known.event = event;', '', 'a later repeat is said to have begun with the first event of all'],
      [
        'key.writeUInt32LE(event.flags, REPEAT_KEY.flags);',
        '',
        'the repeats of one event are sought under another',
      ],
      ['repeatFirstNs: event.timeNs,', 'repeatFirstNs: 0n,', 'a storm has no beginning'],
    ]),
    ...mutantsOf(
      'src/capture/hooks/hook-selection.ts',
      [
        ['event.hook === hook && this', 'this', 'a dead hook is proven by another one'],
        [
          '    this.#options.ownEvents();\n    this.#ladder.provoke();',
          '    this.#ladder.provoke();',
          'a dead hook is proven by what happened before',
        ],
        [
          'for (const attachment of attachments) attachment.detach();',
          '',
          'programs that see nothing stay in the kernel',
        ],
        ['exclusive ? [] :', 'false ? [] :', 'a hook is used that the user has excluded'],
        ['[...chosen, ...others]', '[...others, ...chosen]', 'the chosen hook is used last'],
        ['result !== undefined);', 'true);', 'events wait for an outcome that nobody brings'],
        [
          'result === undefined ? [RESULT_UNKNOWN] : []',
          'result === undefined ? [] : []',
          'nobody reads that outcomes are unknown',
        ],
        [
          "known.program === program && known.outcome === 'refused'",
          'false',
          'each refusal costs a walk through the kernel’s types again',
        ],
        [
          'if (!(error instanceof RefusedError)) throw error;',
          '',
          'a broken object looks like a kernel that refuses',
        ],
      ],
      'hook-selection',
    ),
    ...mutantsOf(
      'src/capture/hooks/bpf-object.ts',
      [
        [
          'new Attachment(libbpf, object, links).detach();\n      throw',
          'throw',
          'half a step stays in the kernel',
        ],
        [
          'if (wanted.length < programs.length)',
          'if (wanted.length === 0)',
          'a step stands without one of its programs',
        ],
        ['libbpf.setAutoload(candidate, chosen);', '', 'one refused program refuses them all'],
        ["!line.startsWith('processed ') &&", '', 'the reason is the statistics of the verifier'],
      ],
      'hook-selection',
    ),
    ...mutantsOf('src/capture/hooks/programs.ts', [
      [
        'this.#current.fingerprint === this.#fingerprint && alive.every(Boolean)',
        'alive.every(Boolean)',
        'a new setting is not used while programs are pinned',
      ],
      [
        'this.#current.fingerprint === this.#fingerprint && alive.every(Boolean)',
        'this.#current.fingerprint === this.#fingerprint',
        'dead programs are taken over',
      ],
      [
        'if (handsOver) control.change({ proving: this.#generation });\n    else control',
        'control',
        'while the new hooks are proven nobody watches',
      ],
      [
        'if (required && report?.hook === undefined && report !== undefined) throw unavailable(report);',
        '',
        'a sidecar without a hook looks alive',
      ],
      [
        'if (this.#current !== undefined && !this.#takesOver) pins.removePrograms(this.#current);',
        '',
        'two generations run',
      ],
      [
        'if (!this.#pinned && object.isInherited) pins.removeMaps(object.layout);',
        '',
        'maps without programs are taken for a sidecar that watched',
      ],
      [
        'if (this.#pinned) attachment.leave();\n        else attachment',
        'attachment',
        'nothing watches while no sidecar runs',
      ],
      [
        'if (this.#pinned) attachment.leave();\n        else attachment.detach();',
        'attachment.leave();',
        'programs that nobody reads stay attached',
      ],
      [
        'if (!(error instanceof PinningUnavailable)) throw error;',
        'throw error;',
        'a machine without a place for pins cannot be watched',
      ],
      [
        'if (!this.#pinned) this.#context.control.change({ proving: 0 });',
        '',
        'a start that failed is still being proven',
      ],
      [
        'ladder.required || ladder.capability in options.hooks',
        'ladder.required',
        'a hook chosen by name is only a wish',
      ],
      [
        'ladder.required || ladder.capability in options.hooks',
        'ladder.capability in options.hooks',
        'a hook chosen for all is no more than a wish for opens',
      ],
      ['pins?.removePending();', '', 'what was cut short keeps the next start from pinning'],
      [
        'for (const other of known) if (other !== this.#current) pins?.removePrograms(other);',
        '',
        'programs that watch for nobody run on',
      ],
      [
        'windowNs: BigInt(options.repeatWindowMillis ?? 0) * NS_PER_MILLI,',
        'windowNs: 0n,',
        'a storm is sent event by event',
      ],
    ]),
    ...mutantsOf('src/capture/ring/decoder.ts', [
      ['return end <= offset + length;', 'return true;', 'a record is read beyond its end'],
      ['if (length < EVENT_SIZE) return false;', '', 'a record is read beyond its end'],
      ['traits & TRAIT.resultUnknown ? undefined :', '', 'an unknown outcome is a success'],
      [
        'traits & TRAIT.hasTarget ? this.#target(offset) : undefined',
        'this.#target(offset)',
        'an access of nobody has a target',
      ],
      ['loginuid === NEVER_SET_UID ? undefined : loginuid', 'loginuid', 'who never logged in has a number'],
    ]),
    ...mutantsOf(
      'src/capture/ring/known-processes.ts',
      [
        [
          'if (words[at++] !== this.#words[first + i]) return false;',
          'at++;',
          'a process is taken for another one',
        ],
        ['=== 0;\n  }\n\n  #copy', '<= 0;\n  }\n\n  #copy', 'a process has the arguments of another one'],
        [
          'if (lengthOf(ends, i) !== lengths[i - first]) return false;',
          'lengths[i - first];',
          'a path and its neighbour change their border',
        ],
      ],
      'decoder',
    ),
    ...mutantsOf(
      'src/capture/maps/counters.ts',
      [
        ['const at = cpu * CPU_STATE_SIZE;', 'const at = 0 * cpu;', 'all CPUs count what the first does'],
        ['CPU_STATE.dropped + 8 * index', 'CPU_STATE.dropped', 'drops of all reasons are those of the first'],
      ],
      'kernel-state',
    ),
    ...mutantsOf(
      'src/capture/maps/control.ts',
      [
        ['{ ...this.#state, ...change }', '{ ...change, ...this.#state }', 'nothing can be changed'],
        [
          'value.writeBigUInt64LE(state.createdNs, CONTROL.created_ns);',
          '',
          'a restart takes these maps for new ones',
        ],
      ],
      'kernel-state',
    ),
  ],
};
