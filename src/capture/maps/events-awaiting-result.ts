import type { Libbpf } from '../../native/libbpf.ts';
import type { CapturedEvent } from '../event.ts';
import { EventDecoder } from '../ring/decoder.ts';
import { EVENT, SCRATCH_SIZE } from '../ring/layout.ts';
import { mapKeys } from './map-keys.ts';

/** Longest time that an event waits in the kernel for its result, ns. */
const WAIT_MAX_NS = 5_000_000_000n;
/** Key of the map: bpf_get_current_pid_tgid(). */
const KEY_BYTES = 8;

/**
 * Events that wait in the kernel for a result that does not come: an open that blocks (a FIFO without a writer), or one on
 * a path through the kernel that no result program covers. They are reported without a result and removed from the
 * kernel's table, which would fill up otherwise.
 */
export class EventsAwaitingResult {
  readonly #libbpf: Libbpf;
  readonly #mapFd: number;

  /** @param mapFd the map `scratch` of bpf/lib/maps.bpf.h */
  constructor(libbpf: Libbpf, mapFd: number) {
    this.#libbpf = libbpf;
    this.#mapFd = mapFd;
  }

  /** @param nowNs CLOCK_BOOTTIME */
  collect(nowNs: bigint): CapturedEvent[] {
    const events: CapturedEvent[] = [];
    const value = new ArrayBuffer(SCRATCH_SIZE);
    const view = new DataView(value);
    for (const key of mapKeys(this.#libbpf, this.#mapFd, KEY_BYTES)) {
      if (this.#libbpf.lookupElement(this.#mapFd, key, Buffer.from(value)) < 0) continue;
      if (nowNs - view.getBigUint64(EVENT.time_ns, true) < WAIT_MAX_NS) continue;
      const event = new EventDecoder(value).decode(0, SCRATCH_SIZE);
      // where the open has returned meanwhile, the entry is gone: the result program has reported the event
      if (this.#libbpf.deleteElement(this.#mapFd, key) === 0 && event !== undefined) {
        events.push({ ...event, result: undefined });
      }
    }
    return events;
  }
}
