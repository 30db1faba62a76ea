import { closeSync } from 'node:fs';
import koffi from 'koffi';

/** Run time and run count of a BPF program, with statistics enabled (BPF_ENABLE_STATS). */
export interface ProgramTime {
  readonly name: string;
  readonly nanoseconds: number;
  readonly runs: number;
}

/** struct bpf_prog_info of include/uapi/linux/bpf.h. */
const INFO = { name: 64, nameBytes: 16, runTimeNs: 192, runCount: 200, size: 232 } as const;

const libbpf = koffi.load('libbpf.so.1');
const nextId = libbpf.func('int bpf_prog_get_next_id(uint32_t start, _Out_ uint32_t *next)');
const fdById = libbpf.func('int bpf_prog_get_fd_by_id(uint32_t id)');
const infoByFd = libbpf.func('int bpf_obj_get_info_by_fd(int fd, void *info, void *length)');

/** All programs in the kernel by id, without those of `others`. */
export function programTimes(others: ReadonlySet<number>): ReadonlyMap<number, ProgramTime> {
  const times = new Map<number, ProgramTime>();
  const next = [0];
  while (nextId(next[0], next) === 0) {
    const id = next[0] ?? 0;
    if (others.has(id)) continue;
    const fd = fdById(id);
    if (fd < 0) continue;
    const info = Buffer.alloc(INFO.size);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(info.length);
    if (infoByFd(fd, info, length) === 0) {
      const name = info.toString('latin1', INFO.name, INFO.name + INFO.nameBytes).replace(/\0.*$/, '');
      const nanoseconds = Number(info.readBigUInt64LE(INFO.runTimeNs));
      times.set(id, { name, nanoseconds, runs: Number(info.readBigUInt64LE(INFO.runCount)) });
    }
    closeSync(fd);
  }
  return times;
}
