/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps that the programs share with each other and with user space. */
#ifndef MEMWARDEN_MAPS_BPF_H
#define MEMWARDEN_MAPS_BPF_H

#include "../contract/event.h"
#include "../contract/knobs.h"

/*
 * Room for the seven strings of an event. A string starts below MW_TEXT_BYTES, a power of two, so that the
 * verifier can follow the mask in free_text(), and each write is of at most MW_PATH_BYTES.
 */
#define MW_NAME_BYTES 256 /* NAME_MAX and the NUL */
#define MW_TEXT_BYTES 4096

struct mw_scratch {
	struct mw_event event;
	char text[MW_TEXT_BYTES + MW_PATH_BYTES];
	__u64 used;  /* bytes of text so far */
	__u64 start; /* where the string in progress begins */
	__u64 file;  /* the struct file whose open waits for its result */
};

/* Most events in flight at one moment; each lasts microseconds. */
#define MW_SCRATCH_ENTRIES 256

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MW_SCRATCH_ENTRIES);
	__type(key, __u64); /* bpf_get_current_pid_tgid() */
	__type(value, struct mw_scratch);
} scratch SEC(".maps");

/* An all-zero event to copy from: a BPF stack (512 bytes) cannot hold one. Never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_scratch);
} blank SEC(".maps");

/* Default; user space sets the size before loading. A multiple of every page size (4, 16 and 64 KiB). */
#define MW_RING_BYTES (8 * 1024 * 1024)

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MW_RING_BYTES);
} ring SEC(".maps");

struct mw_cpu_state {
	__u64 sequence;		      /* events numbered on this cpu so far, lost ones included */
	__u64 dropped[MW_DROP_COUNT]; /* by enum mw_drop */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_cpu_state);
} cpu_state SEC(".maps");

/*
 * How many of the drops the sidecar has reported, so that the next one continues from there. Written by user
 * space alone. Not in cpu_state: writing a value there would undo what the programs count at the same time.
 */
struct mw_reported {
	__u64 dropped[MW_DROP_COUNT];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_reported);
} reported_drops SEC(".maps");

/* Who opened a /proc/<pid>/mem, to detect its use by another process. */
#define MW_OPENERS 4096

struct mw_opener {
	__u64 start_time_ns;
	__u32 tgid;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MW_OPENERS);
	__type(key, __u64); /* struct file *; overwritten when the address is reused */
	__type(value, struct mw_opener);
} openers SEC(".maps");

/* Bytes moved through a descriptor by one process since they were last reported. */
#define MW_TRANSFERS 4096

struct mw_transfer_key {
	__u64 file;
	__u32 tgid;
	__u32 method; /* MW_METHOD_FD_READ or MW_METHOD_FD_WRITE */
};

struct mw_transfer {
	__u64 first_ns;
	__u64 bytes;
	__u64 calls;
	__u64 address; /* the first call's */
	__s64 last_error;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MW_TRANSFERS);
	__type(key, struct mw_transfer_key);
	__type(value, struct mw_transfer);
} transfers SEC(".maps");

/* Events whose repeats are counted. When it is full, every event with another key is sent. */
#define MW_REPEATS 4096

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MW_REPEATS);
	__type(key, struct mw_repeat_key);
	__type(value, struct mw_repeat);
} repeats SEC(".maps");

/* An all-zero entry to copy from. Never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_repeat);
} blank_repeat SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_control);
} control SEC(".maps");

/* Reads and writes of memory files in flight, where the hook is a kprobe. */
#define MW_TRANSFER_CALLS 1024

struct mw_transfer_call {
	__u64 file;
	__u64 position; /* loff_t * */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MW_TRANSFER_CALLS);
	__type(key, __u64); /* bpf_get_current_pid_tgid() */
	__type(value, struct mw_transfer_call);
} transfer_calls SEC(".maps");

/* Tasks that asked to be traced by their parent (PTRACE_TRACEME): tid → start of the thread group. */
#define MW_TRACEME_TASKS 4096

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MW_TRACEME_TASKS);
	__type(key, __u32);
	__type(value, __u64);
} traceme SEC(".maps");

/*
 * Descriptors of procfs files that a new program was started with. In a map, since the verifier does not
 * track its content: it then checks the loop that collects them once, instead of once for every combination.
 */
#define MW_INHERITED_MAX 8 /* a power of two */

struct mw_inherited {
	__u32 count;
	__u32 descriptors[MW_INHERITED_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_inherited);
} inherited SEC(".maps");

/* Buffer to measure a string. Programs that preempt each other share it, so only the lengths are used. */
#define MW_STRING_SINK_BYTES 4096 /* PATH_MAX */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[MW_STRING_SINK_BYTES]);
} string_sink SEC(".maps");

#endif
