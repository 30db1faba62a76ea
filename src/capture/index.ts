export { bootToWallOffsetNs } from '../native/libc.ts';
export { Capture, probeHooks } from './capture.ts';
export type { CaptureConsumer, Origin, Round } from './consumer.ts';
export type {
  Actor,
  Ancestor,
  CapturedEvent,
  CaptureMethod,
  EventKind,
  HookName,
  ProcessIdentity,
} from './event.ts';
export { LADDERS } from './hooks/ladders/index.ts';
export type { Attempt, CapabilityReport } from './hooks/ladders/ladder.ts';
export type { SkippedRuns } from './hooks/skipped-runs.ts';
export type { CpuCounters, DropReason } from './maps/counters.ts';
export type { RawFilter } from './maps/raw-filter.ts';
export type { ReportedDrops } from './maps/reported-drops.ts';
export type { CaptureOptions } from './options.ts';
