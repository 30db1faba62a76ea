/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event: everything that the kernel reports to user space about one access, in one record.
 *
 * This header is the only definition of the record. src/capture/ring/layout.ts mirrors the offsets, and
 * test/unit/capture/ring/layout.test.ts compares that mirror with the BTF of the built object.
 *
 * A record is the fixed part below followed by the strings, packed back to back in the order of
 * enum mw_string, `string_length[i]` bytes each, without padding. Paths are stored as the kernel keeps them,
 * leaf first: the components are NUL-terminated and the reader joins them in reverse ("mem\0" "42\0"
 * "proc\0").
 */
#ifndef MEMWARDEN_EVENT_H
#define MEMWARDEN_EVENT_H

#define MW_COMM_BYTES	 16
#define MW_ANCESTORS_MAX 8

/* Longest string of each kind, bytes; a longer one is cut (a path loses its root-most components). */
#define MW_PATH_BYTES	   512
#define MW_CGROUP_BYTES	   384
#define MW_ARGUMENTS_BYTES 256

enum mw_kind {
	MW_PROC_MEM_OPEN = 1, /* procfs `mem` of a process or thread */
	MW_KCORE_OPEN = 2,    /* procfs `kcore` */
	MW_FILE_OPEN = 3,     /* any file that a raw-event filter selects */
	MW_PTRACE = 4,	      /* ptrace(2) on another task */
	MW_PROCESS_VM = 5,    /* process_vm_readv(2), process_vm_writev(2) */
	MW_FD_TRANSFER = 6,   /* a /proc/<pid>/mem descriptor changed hands */
	MW_MEM_IO = 7,	      /* bytes moved through a /proc/<pid>/mem descriptor */
	MW_MEM_PROTECT = 8,   /* mmap(2)/mprotect(2) that matches a W^X rule */
	MW_REPEAT = 9,	      /* repeats of an event; made by user space from struct mw_repeat */
};

/* Kind of the program that recorded the event, best first: src/capture/hooks/ladders. */
enum mw_hook {
	MW_HOOK_LSM = 1,
	MW_HOOK_FENTRY = 2,
	MW_HOOK_KPROBE = 3,
	MW_HOOK_TRACEPOINT = 4,
};

/* How the access was made; names the value of memwarden.access.method. */
enum mw_method {
	MW_METHOD_OPEN = 1,
	MW_METHOD_PROCESS_VM_READV = 2,
	MW_METHOD_PROCESS_VM_WRITEV = 3,
	MW_METHOD_PTRACE = 4,
	MW_METHOD_PIDFD_GETFD = 5,
	MW_METHOD_SCM_RIGHTS = 6,
	MW_METHOD_INHERITED = 7,
	MW_METHOD_FD_READ = 8,
	MW_METHOD_FD_WRITE = 9,
	MW_METHOD_MMAP = 10,
	MW_METHOD_MPROTECT = 11,
};

enum mw_string {
	MW_STRING_PATH = 0,	       /* leaf-first components; absent for MW_TRAIT_BY_TEXT */
	MW_STRING_ACTOR_EXE = 1,       /* leaf-first components */
	MW_STRING_ACTOR_CGROUP = 2,    /* leaf-first components */
	MW_STRING_ACTOR_ARGUMENTS = 3, /* argv, NUL-separated */
	MW_STRING_TARGET_EXE = 4,
	MW_STRING_TARGET_CGROUP = 5,
	MW_STRING_REQUESTED_PATH = 6, /* the caller's own text, where a hook could read it */
	MW_STRING_COUNT = 7,
};

/* bits of mw_event.traits */
#define MW_TRAIT_SELF		(1u << 0) /* actor and target are one thread group */
#define MW_TRAIT_DESCENDANT	(1u << 1) /* the target descends from the actor */
#define MW_TRAIT_IO_URING	(1u << 2) /* done by an io_uring request on the actor's behalf */
#define MW_TRAIT_COMPAT		(1u << 3) /* 32-bit system call */
#define MW_TRAIT_HAS_TARGET	(1u << 4) /* `target` is filled from the kernel's own task */
#define MW_TRAIT_BY_TEXT	(1u << 5) /* refused before the kernel had a file: only the path text is known */
#define MW_TRAIT_RESULT_UNKNOWN (1u << 6) /* no attached program saw `result` */
#define MW_TRAIT_TRACEME_CHILD	(1u << 7) /* ptrace: the target asked to be traced by its parent */
#define MW_TRAIT_SIDECAR	(1u << 8) /* the actor is the sidecar, see struct mw_control */

/* One side of an access. Ids are those of the initial namespaces unless the name says otherwise. */
struct mw_process {
	__u64 start_time_ns; /* group leader's start, CLOCK_BOOTTIME */
	__u64 cgroup_id;     /* id in the default (v2) hierarchy */
	__u32 tgid;
	__u32 tid;
	__u32 vtgid; /* tgid in its own pid namespace */
	__u32 ppid;  /* tgid of the real parent */
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 loginuid; /* 4294967295: never set */
	__u32 pid_ns;	/* inode number of the pid namespace */
	__u32 mnt_ns;	/* inode number of the mount namespace */
	char comm[MW_COMM_BYTES];
};

struct mw_ancestor {
	__u32 tgid;
	char comm[MW_COMM_BYTES];
};

struct mw_event {
	__u64 time_ns;	/* CLOCK_BOOTTIME */
	__u64 sequence; /* counts the events of this cpu, from 1 */
	__u32 cpu;	/* at this offset in every version: src/capture/pinning/predecessor.ts */
	__u16 kind;	/* enum mw_kind */
	__u8 hook;	/* enum mw_hook */
	__u8 method;	/* enum mw_method */
	__u32 traits;
	__s32 result;	  /* >= 0 success, -errno failure */
	__u32 flags;	  /* open: O_* as the kernel holds them; ptrace: the request */
	__u32 device;	  /* kernel dev_t of the file's superblock: major << 20 | minor */
	__u64 inode;	  /* file's inode number */
	__u64 ctime_ns;	  /* file's inode change time, CLOCK_REALTIME */
	__u64 address;	  /* first byte touched in the target */
	__u64 size_bytes; /* bytes moved, or length of the area */
	__u32 protection; /* PROT_* requested */
	__u32 previous_protection;
	__u32 named_pid;    /* pid that the actor used for its target, in the actor's namespace; 0: unknown */
	__s32 descriptor;   /* file descriptor number, or -1 */
	__u64 repeat_count; /* MW_REPEAT: repeats; MW_MEM_IO, MW_FD_TRANSFER: calls */
	__u64 repeat_first_ns;
	struct mw_process actor;
	struct mw_process target;
	struct mw_ancestor ancestors[MW_ANCESTORS_MAX]; /* actor's, parent first; tgid 0 ends the list */
	__u16 string_length[MW_STRING_COUNT + 1];	/* the last one pads to 8 bytes */
};

/*
 * Two events with an equal key are repeats of each other. User space computes the key of an event that it has
 * received, to look up how often it was repeated (src/capture/maps/repeats.ts).
 */
struct mw_repeat_key {
	__u64 actor_start_ns;
	__u64 about; /* the target's start, or the inode of a file without one */
	__u32 actor_tgid;
	__u32 target_tgid;
	__s32 result; /* -errno; every success is 0 */
	__u32 flags;
	__u32 protection; /* requested; in the upper half the previous one */
	__u16 kind;
	__u16 method;
};

/*
 * Repeats that were counted instead of sent. The counts only grow, and user space reports differences.
 * `event` is the first event that was sent, without its strings: a sidecar that takes over from another one
 * has not received it, and reports the repeats by this copy.
 */
struct mw_repeat {
	__u64 window_start_ns;
	__u64 last_ns;
	__u64 count;
	__u64 bytes;
	struct mw_event event;
};

/*
 * The only element of the map `control`, written by user space alone. Programs of two generations are
 * attached at the same time while a new version, or one with other settings, takes over: the generation
 * `active` records events, and the generation `proving` records the accesses of the sidecar in its place.
 * `active` stays the first member in every version.
 */
struct mw_control {
	__u32 active;	  /* generation of the programs that record events; 0: none */
	__u32 proving;	  /* generation that records the events of own_tgid in its place; 0: none */
	__u64 created_ns; /* CLOCK_BOOTTIME; distinguishes these maps from others of the same boot */
	__u64 window_ns;  /* time after an event in which repeats are only counted; 0: all are sent */
	__u32 own_vtgid;  /* the sidecar, in its own pid namespace … */
	__u32 own_pid_ns; /* … and that namespace's inode number: its events are marked */
	__u32 own_tgid;	  /* … in the initial namespace; 0: unknown until its first own event */
};

/* Why an event did not reach user space: index of the per-CPU drop counters. */
enum mw_drop {
	MW_DROP_RING_FULL = 0,
	MW_DROP_SCRATCH_FULL = 1,
	MW_DROP_COUNT = 2,
};

#endif
