/**
 * Every metric that the sidecar tells of itself. The first ones are of the OpenTelemetry semantic conventions ("SDK
 * metrics", not stable yet), the others ours: the stages before the SDK, for which there is no convention.
 */
export const METRICS = {
  LOG_QUEUE_SIZE: 'otel.sdk.processor.log.queue.size',
  LOG_EXPORTED: 'otel.sdk.exporter.log.exported',
  CAPTURED: 'memwarden.events.captured',
  UNMATCHED: 'memwarden.events.unmatched',
  LOST: 'memwarden.events.lost',
  UNKNOWN: 'memwarden.events.unknown',
  DETECTED: 'memwarden.detections.detected',
  EXCEPTED: 'memwarden.detections.excepted',
  REPEATED: 'memwarden.detections.repeated',
  ACCEPTED: 'memwarden.records.accepted',
  SPOOLED: 'memwarden.records.spooled',
  REFUSED: 'memwarden.records.refused',
  EVICTED: 'memwarden.records.evicted',
  CANARY_AGE: 'memwarden.canary.age',
} as const;
