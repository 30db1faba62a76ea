import type { HrTime } from '@opentelemetry/api';

const NS_PER_SECOND = 1_000_000_000n;

/** ns since the Unix epoch as the SDK's pair of seconds and nanoseconds, exact (a float would lose ~200 ns). */
export function toHrTime(unixNs: bigint): HrTime {
  return [Number(unixNs / NS_PER_SECOND), Number(unixNs % NS_PER_SECOND)];
}

/** RFC 3339 in UTC with nine fraction digits, for example `2026-11-24T08:01:02.123456789Z`. */
export function toRfc3339(time: HrTime): string {
  const seconds = new Date(time[0] * 1_000).toISOString().slice(0, 19);
  return `${seconds}.${String(time[1]).padStart(9, '0')}Z`;
}
