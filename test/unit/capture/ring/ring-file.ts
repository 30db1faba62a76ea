import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { RingBuffer } from '../../../../src/capture/ring/ring-buffer.ts';
import { PAGE_BYTES } from '../../../../src/native/libc.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';

const HEADER_BYTES = 8;
/** Second mapping of the data, as long as the longest record. */
const BEHIND_BYTES = 65_536;
export const BUSY = 0x8000_0000;
export const DISCARDED = 0x4000_0000;

/** A file with the layout of the kernel's map: consumer page, producer page, data. */
export class RingFile {
  readonly fd: number;
  readonly #sizeBytes: number;
  #produced = 0n;

  constructor(t: TestContext, sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.fd = openSync(join(temporaryDirectory(t), 'ring'), 'w+');
    ftruncateSync(this.fd, 2 * PAGE_BYTES + sizeBytes + BEHIND_BYTES);
    t.after(() => closeSync(this.fd));
  }

  /** The consumer's side in a process that starts now. */
  open(t: TestContext): RingBuffer {
    const ring = new RingBuffer(this.fd, this.#sizeBytes);
    t.after(() => ring.close());
    return ring;
  }

  /** Writes a record as the kernel does. @returns its position */
  write(content: Buffer, flags = 0): bigint {
    const at = this.#produced;
    const place = 2 * PAGE_BYTES + Number(at % BigInt(this.#sizeBytes));
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE((content.length | flags) >>> 0);
    writeSync(this.fd, Buffer.concat([header, content]), 0, HEADER_BYTES + content.length, place);
    this.#produced += BigInt((content.length + HEADER_BYTES + 7) & ~7);
    this.#position(PAGE_BYTES, this.#produced);
    return at;
  }

  /** Completes a record that was still being written. */
  finish(at: bigint, length: number): void {
    const header = Buffer.alloc(4);
    header.writeUInt32LE(length);
    writeSync(this.fd, header, 0, 4, 2 * PAGE_BYTES + Number(at % BigInt(this.#sizeBytes)));
  }

  #position(at: number, position: bigint): void {
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(position);
    writeSync(this.fd, value, 0, 8, at);
  }
}
