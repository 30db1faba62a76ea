import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Smaller bodies are not compressed, bytes: they share a page of the database with others anyway. */
const PACKED_MIN_BYTES = 16 * 1024;
/** First bytes of a zstd frame (RFC 8878); a body of records begins with 0x12. */
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Speed before size: similar records compress well anyway, and a batch that is sent at once is never read. */
const OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: -3 } };

/** Compresses a body for the disk, which costs less time than writing all of its pages. */
export function packBody(body: Uint8Array): Uint8Array {
  return body.length < PACKED_MIN_BYTES ? body : zstdCompressSync(body, OPTIONS);
}

/**
 * The body as it was before packBody.
 * @throws Error when the stored bytes are damaged
 */
export function unpackBody(stored: Uint8Array): Uint8Array {
  const packed = ZSTD_MAGIC.equals(stored.subarray(0, ZSTD_MAGIC.length));
  return packed ? zstdDecompressSync(stored) : stored;
}
