import type { Libbpf } from '../../native/libbpf.ts';

/**
 * All keys of a hash map, collected first: BPF_MAP_GET_NEXT_KEY starts over at the first key when the previous one has
 * been deleted.
 */
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
