import type { Libbpf } from '../../native/libbpf.ts';

/** All keys of a hash map at once: one that is walked while keys are deleted starts over. */
export function mapKeys(libbpf: Libbpf, fd: number, keyBytes: number): Buffer[] {
  const keys: Buffer[] = [];
  let previous: Buffer | null = null;
  for (;;) {
    const key = Buffer.alloc(keyBytes);
    if (libbpf.nextKey(fd, previous, key) < 0) return keys;
    keys.push(key);
    previous = key;
  }
}
