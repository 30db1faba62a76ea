import { describeErrno, type Libbpf } from '../../native/libbpf.ts';
import { bootTimeNs, closeDescriptor } from '../../native/libc.ts';
import { CONTROL, EVENT } from '../ring/layout.ts';
import { RingBuffer } from '../ring/ring-buffer.ts';
import type { PinDirectory } from './pin-directory.ts';

/** At least the size of the value of `control` in any version. */
const CONTROL_BYTES_MAX = 4_096;
/** struct bpf_map_info of include/uapi/linux/bpf.h: type, id, key_size, value_size, max_entries, … */
const MAP_INFO_BYTES = 88;
const MAX_ENTRIES_AT = 16;

/** What became of programs whose records this version cannot read. */
export interface Retirement {
  /** When they became inactive, ns on CLOCK_BOOTTIME. */
  readonly silencedNs: bigint;
  /** Records that they had sent and nobody has read, by CPU. */
  readonly unread: ReadonlyMap<number, number>;
}

/**
 * Ends the programs of a version with another layout: makes them inactive, counts the records that nobody has read, and
 * removes programs and maps. Relies on what every version must keep: the maps are named `control` and `ring`, `control`
 * starts with the active generation, and a record has its CPU at the same offset.
 *
 * @throws Error when a map cannot be opened
 */
export function retire(libbpf: Libbpf, pins: PinDirectory, layout: string): Retirement {
  const silencedNs = silence(libbpf, pins, layout);
  const unread = countUnread(libbpf, pins, layout);
  for (const programs of pins.programs) if (programs.layout === layout) pins.removePrograms(programs);
  pins.removeMaps(layout);
  return { silencedNs, unread };
}

function countUnread(libbpf: Libbpf, pins: PinDirectory, layout: string): ReadonlyMap<number, number> {
  const fd = openMap(libbpf, pins, layout, 'ring');
  const info = Buffer.alloc(MAP_INFO_BYTES);
  const failed = libbpf.objectInfo(fd, info);
  if (failed < 0)
    throw new Error(`failed to read the size of the ring in ${pins.path}: ${describeErrno(-failed)}`);
  const ring = new RingBuffer(fd, info.readUInt32LE(MAX_ENTRIES_AT));
  const view = new DataView(ring.memory);
  const unread = new Map<number, number>();
  try {
    ring.read(Number.POSITIVE_INFINITY, offset => {
      const cpu = view.getUint32(offset + EVENT.cpu, true);
      unread.set(cpu, (unread.get(cpu) ?? 0) + 1);
    });
    return unread;
  } finally {
    ring.close();
    closeDescriptor(fd);
  }
}

function silence(libbpf: Libbpf, pins: PinDirectory, layout: string): bigint {
  const fd = openMap(libbpf, pins, layout, 'control');
  const value = Buffer.alloc(CONTROL_BYTES_MAX);
  const key = Buffer.alloc(4);
  const read = libbpf.lookupElement(fd, key, value);
  value.writeUInt32LE(0, CONTROL.active);
  const silencedNs = bootTimeNs();
  const written = read < 0 ? read : libbpf.updateElement(fd, key, value, 0);
  closeDescriptor(fd);
  if (written < 0)
    throw new Error(`failed to silence the programs of ${pins.path}: ${describeErrno(-written)}`);
  return silencedNs;
}

function openMap(libbpf: Libbpf, pins: PinDirectory, layout: string, name: string): number {
  const fd = libbpf.openPinned(pins.mapPath(layout, name));
  if (fd < 0) throw new Error(`failed to open the pinned map ${name} in ${pins.path}: ${describeErrno(-fd)}`);
  return fd;
}
