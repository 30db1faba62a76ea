import { type LogRecord, SeverityNumber } from '@opentelemetry/api';
import { EVENTS_LOST, MEMWARDEN, OTEL } from './attributes.ts';
import { toHrTime, toRfc3339 } from './hr-time.ts';

/** Events of one CPU that the kernel could not hand over for one reason, within an interval. */
export interface Loss {
  readonly cpu: number;
  /** The kernel side's word, `ring_full` or `scratch_full`; `sequence_gap`: nothing explains it. */
  readonly reason: string;
  readonly count: bigint;
  /** The kernel's counter after it, and when that counter began, ns on CLOCK_BOOTTIME: they name the loss. */
  readonly total: bigint;
  readonly countersSinceNs: bigint;
  /** ns since the Unix epoch: the two looks at the counter between which they were lost. */
  readonly startUnixNs: bigint;
  readonly endUnixNs: bigint;
}

/** Tells of a loss as a record of its own: what nobody saw must not look like what did not happen. */
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
