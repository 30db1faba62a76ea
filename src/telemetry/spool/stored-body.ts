import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Below it a body shares a page of the database with others anyway, bytes. */
const PACKED_MIN_BYTES = 16 * 1024;
/** First bytes of a zstd frame (RFC 8878); a body of records begins with 0x12. */
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Fast before small: records are alike, and what the collector takes at once is never read. */
const OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: -3 } };

/** A body as it is kept on the disk: writing a few pages costs less than compressing many into them. */
export function packBody(body: Uint8Array): Uint8Array {
  return body.length < PACKED_MIN_BYTES ? body : zstdCompressSync(body, OPTIONS);
}

/**
 * The body that was packed.
 * @throws Error when the stored bytes are damaged
 */
export function unpackBody(stored: Uint8Array): Uint8Array {
  const packed = ZSTD_MAGIC.equals(stored.subarray(0, ZSTD_MAGIC.length));
  return packed ? zstdDecompressSync(stored) : stored;
}
