import type { MetricSources } from '../../../src/health/self-metrics.ts';

const RECORDS = {
  emitted: 4,
  inherited: 6,
  accepted: 5,
  spooled: 2,
  refused: 1,
  evicted: { size: 2, age: 0, corruption: 0, output: 0 },
};

/** Plausible numbers of a sidecar. */
export const SOURCES: MetricSources = {
  books: () => ({
    events: { captured: 20, detected: 7, filtered: 3, excepted: 4, lost: 5, inFlight: 1 },
    detections: { found: 12, excepted: 4, reported: 2, summarized: 5, pending: 1 },
    records: { ...RECORDS, summaries: 1, notices: 1 },
  }),
  lost: () => [{ cpu: 3, reason: 'ring_full', count: 5n }],
  exceptions: () => new Map([['gdb', 4]]),
  backlog: () => ({ bytes: 900, oldestAgeSeconds: 2.5, inFlight: 1 }),
  components: { processor: 'memwarden_spooling_log_processor', exporter: 'otlp_grpc_log_exporter' },
  unknownRecords: () => 0n,
  skippedRuns: () => [{ capability: 'file_open', program: 'fentry_file_open', count: 3 }],
  droppedMessages: () => 6,
  worstLoopDelay: () => 0.25,
  canaryAges: () => new Map([['file_open', 1.5]]),
};
