import { type Area, mutantsOf } from '../mutant.ts';

export const eventLoop: Area = {
  name: 'event loop',
  target: 90,
  tests: [
    'test/unit/service/event-loop/hang-meter.test.ts',
    'test/unit/health/event-loop-delay.test.ts',
    'test/unit/service/event-loop/hang-watchdog.test.ts',
  ],
  mutants: [
    ...mutantsOf('src/service/event-loop/hang-meter.ts', [
      ['elapsed > 3 * lookMillis || ', '', 'a stopped process is ended when it goes on'],
      ["look.state === 'T' || look.state === 't'", 'false', 'a traced thread is ended'],
      ['return Math.min(cpu, elapsed);', 'return elapsed;', 'a starved process is ended'],
      ['return Math.min(cpu, elapsed);', 'return 0;', 'a loop that spins is never ended'],
      [
        'elapsed - (look.waitedMillis - before.waitedMillis)',
        'elapsed',
        'a process that waits for a CPU is ended',
      ],
      ['if (look === undefined) hungMillis = 0;', '', 'one beat does not begin it anew'],
    ]),
    ...mutantsOf('src/health/event-loop-delay.ts', [
      [' - RESOLUTION_MILLIS / 1e3', '', 'an idle loop has a delay'],
      ['this.#beforeSeconds = current;', '', 'a delay is forgotten at once'],
      ['this.#delays.reset();', '', 'a delay is reported for ever'],
      ['if (worst < STUCK_SECONDS) return undefined;', 'return undefined;', 'a loop that was stuck is ready'],
      ['histogram.enable();', '', 'nothing is measured'],
    ]),
    ...mutantsOf(
      'src/service/stop-watchdog/watch.ts',
      [
        ['hung >= Atomics.load(hangMillis, 0)', 'false', 'a sidecar that hangs stays, blind'],
        ['        hungStatus,\n', '        lateStatus,\n', 'the status does not say that it hung'],
      ],
      'hang-watchdog',
    ),
  ],
};
