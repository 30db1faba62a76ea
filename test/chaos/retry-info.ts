/** google.rpc.Status whose details hold a RetryInfo of 200 ms. */
export function retryInfo(): Buffer {
  const field = (key: number, content: Uint8Array | string): Buffer =>
    Buffer.concat([Buffer.from([key, content.length]), Buffer.from(content)]);
  // 200,000,000 ns as a varint
  const info = field(0x0a, Buffer.from([0x10, 0x80, 0x84, 0xaf, 0x5f]));
  return field(
    0x1a,
    Buffer.concat([field(0x0a, 'type.googleapis.com/google.rpc.RetryInfo'), field(0x12, info)]),
  );
}
