/** Instrument of a metric: a sum that only grows, a sum that also falls, or a value whose sum has no meaning. */
export type MetricKind = 'counter' | 'updowncounter' | 'gauge';

/** One metric, as it is registered and as docs/metrics.md lists it. */
export interface Metric {
  readonly name: string;
  readonly kind: MetricKind;
  /** UCUM, as the semantic conventions require. */
  readonly unit: string;
  readonly description: string;
  /** Names of its attributes. */
  readonly attributes?: readonly string[];
}

const COMPONENT = ['otel.component.name', 'otel.component.type'];

/**
 * All metrics of the sidecar. The first ones are of the OpenTelemetry semantic conventions ("SDK metrics", not stable yet);
 * the others are our own, for which there is no convention. The counters begin at 0 with the process, except those that the
 * kernel keeps.
 */
export const METRICS = {
  LOG_PROCESSED: {
    name: 'otel.sdk.processor.log.processed',
    kind: 'counter',
    unit: '{log_record}',
    description:
      'Records that have left the spool; those that were given up have the reason as `error.type`.',
    attributes: [...COMPONENT, 'error.type'],
  },
  LOG_QUEUE_SIZE: {
    name: 'otel.sdk.processor.log.queue.size',
    kind: 'updowncounter',
    unit: '{log_record}',
    description: 'Records that wait in the spool or for it.',
    attributes: COMPONENT,
  },
  LOG_INFLIGHT: {
    name: 'otel.sdk.exporter.log.inflight',
    kind: 'updowncounter',
    unit: '{log_record}',
    description: 'Records in requests that the collector has not answered.',
    attributes: COMPONENT,
  },
  LOG_EXPORTED: {
    name: 'otel.sdk.exporter.log.exported',
    kind: 'counter',
    unit: '{log_record}',
    description: 'Records that the collector has accepted or refused; the refused ones with `error.type`.',
    attributes: [...COMPONENT, 'error.type'],
  },
  EVENTS_CAPTURED: {
    name: 'memwarden.events.captured',
    kind: 'counter',
    unit: '{event}',
    description: 'Events that the kernel saw, by its own count.',
  },
  EVENTS_DETECTED: {
    name: 'memwarden.events.detected',
    kind: 'counter',
    unit: '{event}',
    description: 'Events that are reported, by a record or by the count of a summary.',
  },
  EVENTS_FILTERED: {
    name: 'memwarden.events.filtered',
    kind: 'counter',
    unit: '{event}',
    description: 'Events that no signature is about, and canaries.',
  },
  EVENTS_EXCEPTED: {
    name: 'memwarden.events.excepted',
    kind: 'counter',
    unit: '{event}',
    description: 'Events all of whose detections were dropped by exceptions.',
  },
  EVENTS_LOST: {
    name: 'memwarden.events.lost',
    kind: 'counter',
    unit: '{event}',
    description:
      'Events that never reached the sidecar; each is reported by a record `memwarden.events_lost`.',
    attributes: ['cpu', 'reason'],
  },
  HOOK_SKIPPED: {
    name: 'memwarden.hook.skipped',
    kind: 'counter',
    unit: '{run}',
    description:
      'Runs of a program that the kernel has skipped since it was attached, because another task was preempted inside it on that CPU. Not counted as lost events: most runs would have reported nothing.',
    attributes: ['capability', 'program'],
  },
  EVENTS_IN_FLIGHT: {
    name: 'memwarden.events.in_flight',
    kind: 'updowncounter',
    unit: '{event}',
    description: 'Events in the ring buffer, and repeats whose window in the kernel has not ended.',
  },
  EVENTS_UNKNOWN: {
    name: 'memwarden.events.unknown',
    kind: 'counter',
    unit: '{event}',
    description: 'Events of a layout that this version does not know; they are lost as `sequence_gap`.',
  },
  DETECTIONS_FOUND: {
    name: 'memwarden.detections.found',
    kind: 'counter',
    unit: '{detection}',
    description: 'Detections of the signatures; one event can be several detections.',
  },
  DETECTIONS_EXCEPTED: {
    name: 'memwarden.detections.excepted',
    kind: 'counter',
    unit: '{detection}',
    description: 'Detections that an exception dropped.',
  },
  DETECTIONS_REPORTED: {
    name: 'memwarden.detections.reported',
    kind: 'counter',
    unit: '{detection}',
    description: 'Detections that have a record of their own.',
  },
  DETECTIONS_SUMMARIZED: {
    name: 'memwarden.detections.summarized',
    kind: 'counter',
    unit: '{detection}',
    description: 'Detections that are reported by the count of a summary.',
  },
  DETECTIONS_PENDING: {
    name: 'memwarden.detections.pending',
    kind: 'updowncounter',
    unit: '{detection}',
    description: 'Detections that wait for a summary.',
  },
  EXCEPTION_MATCHES: {
    name: 'memwarden.exception.matches',
    kind: 'counter',
    unit: '{detection}',
    description: 'Detections that a rule of the exceptions dropped or lowered.',
    attributes: ['rule'],
  },
  RECORDS_EMITTED: {
    name: 'memwarden.records.emitted',
    kind: 'counter',
    unit: '{record}',
    description: 'Records made: detections reported, summaries, and loss records.',
  },
  RECORDS_INHERITED: {
    name: 'memwarden.records.inherited',
    kind: 'counter',
    unit: '{record}',
    description: 'Records that an earlier process left in the spool.',
  },
  RECORDS_ACCEPTED: {
    name: 'memwarden.records.accepted',
    kind: 'counter',
    unit: '{record}',
    description: 'Records that the collector has accepted.',
  },
  RECORDS_SPOOLED: {
    name: 'memwarden.records.spooled',
    kind: 'updowncounter',
    unit: '{record}',
    description: 'Records that wait for the collector.',
  },
  RECORDS_REFUSED: {
    name: 'memwarden.records.refused',
    kind: 'counter',
    unit: '{record}',
    description:
      'Records that the collector refused, that could not be encoded, or, in stock mode, whose export failed.',
  },
  RECORDS_EVICTED: {
    name: 'memwarden.records.evicted',
    kind: 'counter',
    unit: '{record}',
    description:
      'Records given up because the spool was full, they were too old, the file was damaged or stdout could not be written.',
    attributes: ['reason'],
  },
  SPOOL_SIZE: {
    name: 'memwarden.spool.size',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Encoded records in the spool.',
  },
  SPOOL_OLDEST_AGE: {
    name: 'memwarden.spool.oldest_age',
    kind: 'gauge',
    unit: 's',
    description: 'Age of the oldest record in the spool.',
  },
  CANARY_AGE: {
    name: 'memwarden.canary.age',
    kind: 'gauge',
    unit: 's',
    description: 'Time since the last canary, an event of the sidecar itself that proves the hook alive.',
    attributes: ['capability'],
  },
  MESSAGES_DROPPED: {
    name: 'memwarden.messages.dropped',
    kind: 'counter',
    unit: '{message}',
    description: 'Log messages of the sidecar that could not be written to stderr.',
  },
  EVENT_LOOP_DELAY: {
    name: 'nodejs.eventloop.delay.max',
    kind: 'gauge',
    unit: 's',
    description:
      'Worst delay of the event loop in the last 30 to 60 s; from 10 s on, the sidecar is not ready.',
  },
  PROCESS_MEMORY: {
    name: 'process.memory.usage',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Resident memory of the sidecar.',
  },
} as const satisfies Record<string, Metric>;
