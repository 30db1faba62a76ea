export interface MessageField {
  readonly field: number;
  /** The bytes of a length-delimited field; the raw bits of a number. */
  readonly content: Uint8Array | bigint;
}

/**
 * The fields of a protocol buffers message, in their order.
 *
 * @throws RangeError when the message is damaged.
 */
export function* readFields(message: Uint8Array): Generator<MessageField> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number ends early');
  };
  while (at < message.length) {
    const key = varint();
    const field = Number(key >> 3n);
    const wireType = Number(key & 7n);
    if (wireType === 0) {
      yield { field, content: varint() };
      continue;
    }
    const length = wireType === 2 ? Number(varint()) : wireType === 1 ? 8 : wireType === 5 ? 4 : Number.NaN;
    if (!(at + length <= message.length)) throw new RangeError('a field ends early');
    if (wireType === 1) yield { field, content: view.getBigUint64(at, true) };
    else if (wireType === 5) yield { field, content: BigInt(view.getUint32(at, true)) };
    else yield { field, content: message.subarray(at, at + length) };
    at += length;
  }
}
