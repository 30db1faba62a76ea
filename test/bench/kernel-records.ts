import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Capture } from '../../src/capture/capture.ts';
import { RingBuffer } from '../../src/capture/ring/ring-buffer.ts';
import { loadSettings } from '../../src/config/index.ts';
import { workFolder } from './programs.ts';
import { prepareStorm } from './storm.ts';

const LENGTH_BYTES = 4;

/** Records as the kernel wrote them to the ring buffer, in one buffer with the same alignment. */
export interface KernelRecords {
  readonly memory: ArrayBuffer;
  readonly places: readonly { readonly offset: number; readonly length: number }[];
}

/**
 * Captures a storm of 4 actors on 256 targets with real hooks and saves the records as bytes. @returns the file
 * @throws MemwardenError CAPTURE_UNAVAILABLE
 */
export async function recordKernelRecords(): Promise<string> {
  const kept: Uint8Array[] = [];
  const read = RingBuffer.prototype.read;
  RingBuffer.prototype.read = function (limit, visit) {
    return read.call(this, limit, (offset, length) => {
      const size = Buffer.alloc(LENGTH_BYTES);
      size.writeUInt32LE(length);
      kept.push(size, Buffer.from(new Uint8Array(this.memory, offset, length)));
      visit(offset, length);
    });
  };
  try {
    const capture = new Capture({
      ...loadSettings({}).capture,
      pinPath: undefined,
      kinds: new Set(['proc_mem_open']),
    });
    capture.attach();
    capture.commit();
    kept.length = 0;
    capture.start({ onEvent: () => undefined, onRound: () => undefined });
    const storm = await prepareStorm({ method: 'open', actors: 4, targets: 256, rate: 20_000, seconds: 1 });
    await storm.run();
    await capture.stop();
  } finally {
    RingBuffer.prototype.read = read;
  }
  const path = join(workFolder(), 'records');
  writeFileSync(path, Buffer.concat(kept));
  return path;
}

export function readKernelRecords(path: string): KernelRecords {
  const file = readFileSync(path);
  const places: { offset: number; length: number }[] = [];
  // a record may be followed by up to 7 bytes
  const memory = new ArrayBuffer(file.length * 2);
  const bytes = new Uint8Array(memory);
  let to = 0;
  for (let at = 0; at < file.length; ) {
    const length = file.readUInt32LE(at);
    const start = at + LENGTH_BYTES;
    bytes.set(file.subarray(start, start + length), to);
    places.push({ offset: to, length });
    to += (length + 7) & ~7;
    at = start + length;
  }
  return { memory, places };
}
