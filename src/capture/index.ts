export { Capture, probeHooks } from './capture.ts';
export type { CaptureConsumer, Origin, Round } from './consumer.ts';
export type { CpuCounters, DropReason } from './counters.ts';
export type {
  Actor,
  Ancestor,
  CapturedEvent,
  CaptureMethod,
  EventKind,
  HookName,
  ProcessIdentity,
} from './event.ts';
export { LADDERS } from './ladders/index.ts';
export type { Attempt, CapabilityReport } from './ladders/ladder.ts';
export { bootToWallOffsetNs } from './libc.ts';
export type { CaptureOptions } from './options.ts';
export type { RawFilter } from './raw-filter.ts';
export type { SkippedRuns } from './skipped-runs.ts';
export type { ToldDrops } from './told.ts';
