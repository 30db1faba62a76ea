import { type TestContext, type TestOptions, test } from 'node:test';

/** Counts the events that a sidecar has reported as lost. */
export interface LossReport {
  /** Events that found no room, because others flood this machine; not those that a test loses on purpose. */
  readonly lostByFlood: number;
}

interface Watched {
  readonly report: LossReport;
  readonly before: number;
}

const watched = new WeakMap<TestContext, Watched[]>();

/** From now on lost events excuse a failure of the test; see `testUnlessFlooded`. */
export function watchLosses(t: TestContext, report: LossReport): void {
  const reports = watched.get(t) ?? [];
  reports.push({ report, before: report.lostByFlood });
  watched.set(t, reports);
}

type Body = (t: TestContext) => Promise<void>;

/**
 * As `test`, but skipped with the measured reason when it fails and events were lost meanwhile, since the test's own may be
 * among them. Where nothing was lost, a failure is a failure.
 */
export function testUnlessFlooded(name: string, ...rest: [Body] | [TestOptions, Body]): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
  test(name, options, async t => {
    try {
      await body(t);
    } catch (error) {
      const lost = (watched.get(t) ?? []).reduce(
        (sum, { report, before }) => sum + report.lostByFlood - before,
        0,
      );
      if (lost <= 0) throw error;
      t.diagnostic(String(error));
      t.skip(`${lost} events were lost meanwhile: others flood this machine`);
    }
  });
}
