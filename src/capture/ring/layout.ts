/**
 * Offsets, in bytes, of the records of bpf/contract/event.h and bpf/contract/knobs.h. Constants, so that the decoder
 * compiles to plain loads; test/unit/capture/ring/layout.test.ts compares every number with the BTF of the built object.
 */

export const EVENT_SIZE = 424;

export const EVENT = {
  time_ns: 0,
  sequence: 8,
  cpu: 16,
  kind: 20,
  hook: 22,
  method: 23,
  traits: 24,
  result: 28,
  flags: 32,
  device: 36,
  inode: 40,
  ctime_ns: 48,
  address: 56,
  size_bytes: 64,
  protection: 72,
  previous_protection: 76,
  named_pid: 80,
  descriptor: 84,
  repeat_count: 88,
  repeat_first_ns: 96,
  actor: 104,
  target: 176,
  ancestors: 248,
  string_length: 408,
} as const;

export const PROCESS = {
  start_time_ns: 0,
  cgroup_id: 8,
  tgid: 16,
  tid: 20,
  vtgid: 24,
  ppid: 28,
  uid: 32,
  euid: 36,
  gid: 40,
  loginuid: 44,
  pid_ns: 48,
  mnt_ns: 52,
  comm: 56,
} as const;

export const ANCESTOR_SIZE = 20;
export const ANCESTORS_MAX = 8;
export const ANCESTOR = { tgid: 0, comm: 4 } as const;
export const COMM_SIZE = 16;

/** Order of the strings behind the fixed part: `enum mw_string`. */
export const STRING = {
  path: 0,
  actorExecutable: 1,
  actorCgroup: 2,
  actorArguments: 3,
  targetExecutable: 4,
  targetCgroup: 5,
  requestedPath: 6,
} as const;
export const STRING_COUNT = 7;

/** Bits of `mw_event.traits`. */
export const TRAIT = {
  self: 1 << 0,
  descendant: 1 << 1,
  ioUring: 1 << 2,
  compat: 1 << 3,
  hasTarget: 1 << 4,
  byText: 1 << 5,
  resultUnknown: 1 << 6,
  tracemeChild: 1 << 7,
  sidecar: 1 << 8,
} as const;

export const KNOBS_SIZE = 12;
export const KNOBS = {
  generation: 0,
  hook: 4,
  result_follows: 5,
  raw_open: 6,
  raw_unfiltered: 7,
  raw_by_name: 8,
  raw_by_suffix: 9,
  raw_by_directory: 10,
} as const;

/** struct mw_scratch of bpf/lib/maps.bpf.h: an event in preparation, followed by its strings. */
export const SCRATCH_SIZE = 5_056;

export const CPU_STATE_SIZE = 24;
export const CPU_STATE = { sequence: 0, dropped: 8 } as const;

export const REPORTED_SIZE = 16;
export const REPORTED = { dropped: 0 } as const;

/** `enum mw_drop`: why an event did not reach user space. */
export const DROP_REASONS = ['ring_full', 'scratch_full'] as const;

export const REPEAT_KEY_SIZE = 40;
export const REPEAT_KEY = {
  actor_start_ns: 0,
  about: 8,
  actor_tgid: 16,
  target_tgid: 20,
  result: 24,
  flags: 28,
  protection: 32,
  kind: 36,
  method: 38,
} as const;

export const REPEAT_SIZE = 456;
export const REPEAT = { window_start_ns: 0, last_ns: 8, count: 16, bytes: 24, event: 32 } as const;

export const CONTROL_SIZE = 40;
export const CONTROL = {
  active: 0,
  proving: 4,
  created_ns: 8,
  window_ns: 16,
  own_vtgid: 24,
  own_pid_ns: 28,
  own_tgid: 32,
} as const;
