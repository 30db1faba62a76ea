import { type LogRecord, SeverityNumber } from '@opentelemetry/api';
import { EVENTS_LOST, MEMWARDEN, OTEL } from './attributes.ts';
import { toHrTime, toRfc3339 } from './hr-time.ts';

/** Events of one CPU that were lost for one reason, within an interval. */
export interface Loss {
  readonly cpu: number;
  /** `ring_full` or `scratch_full`, counted by the kernel side; `sequence_gap` or `other_version`, found by LossWatch. */
  readonly reason: string;
  readonly count: bigint;
  /** The kernel's counter after the loss, and when that counter began, ns on CLOCK_BOOTTIME: both are part of the uid. */
  readonly total: bigint;
  readonly countersSinceNs: bigint;
  /** ns since the Unix epoch: times of the two checks between which the events were lost. */
  readonly startUnixNs: bigint;
  readonly endUnixNs: bigint;
}

/** The log record of a loss. Without it an event that was lost would look like one that did not happen. */
export function toLossRecord(loss: Loss, bootId: string): LogRecord {
  const { cpu, reason, count, total, countersSinceNs } = loss;
  const end = toHrTime(loss.endUnixNs);
  return {
    eventName: EVENTS_LOST,
    timestamp: end,
    observedTimestamp: end,
    severityNumber: SeverityNumber.WARN,
    severityText: 'MEDIUM',
    body: `${count} events of CPU ${cpu} were lost: ${reason}`,
    attributes: {
      [OTEL.LOG_RECORD_UID]: `${bootId}-${cpu}-lost-${reason}-${countersSinceNs}-${total}`,
      [MEMWARDEN.LOST_COUNT]: Number(count),
      [MEMWARDEN.LOST_REASON]: reason,
      [MEMWARDEN.LOST_CPU]: cpu,
      [MEMWARDEN.LOST_INTERVAL_START]: toRfc3339(toHrTime(loss.startUnixNs)),
      [MEMWARDEN.LOST_INTERVAL_END]: toRfc3339(end),
      [MEMWARDEN.SEVERITY]: 2,
    },
  };
}
