/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of an event:
 *
 *	begin     takes a zeroed event in the scratch map, by task
 *	describe  actor, target, strings
 *	wait      only for an open and an mprotect, until a later program has the result
 *	finish    numbers and sends it, or counts it as a repeat; frees the scratch entry
 *
 * An event that finds no scratch entry, or no room in the ring buffer, is numbered and counted as dropped.
 */
#ifndef MEMWARDEN_EMIT_BPF_H
#define MEMWARDEN_EMIT_BPF_H

#include "identity.bpf.h"

static __always_inline struct mw_cpu_state *this_cpu_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpu_state, &zero);
}

static __always_inline void count_drop(enum mw_drop reason)
{
	struct mw_cpu_state *state = this_cpu_state();

	if (state)
		__sync_fetch_and_add(&state->dropped[reason], 1);
}

/*
 * The next number of this cpu. Atomic add and read back, because a fetching add needs 5.12 and a plain
 * increment can lose a number when an LSM or fentry program is preempted by another. Two events may then
 * share a number and leave the one before it unused; the count of numbers stays that of events, which is what
 * loss accounting compares.
 */
static __always_inline __u64 next_sequence(void)
{
	struct mw_cpu_state *state = this_cpu_state();

	if (!state)
		return 0;
	__sync_fetch_and_add(&state->sequence, 1);
	return *(volatile __u64 *)&state->sequence;
}

static __always_inline void free_scratch(void)
{
	__u64 task = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&scratch, &task);
}

/* Numbers the event and sends it to user space. The caller frees the scratch entry. */
static __always_inline void send(struct mw_scratch *s)
{
	__u64 bytes = s->used;

	barrier_var(bytes);
	if (bytes > MW_TEXT_BYTES + MW_PATH_BYTES)
		bytes = MW_TEXT_BYTES + MW_PATH_BYTES;
	s->event.sequence = next_sequence();
	s->event.cpu = bpf_get_smp_processor_id();
	if (bpf_ringbuf_output(&ring, s, sizeof(s->event) + bytes, 0))
		count_drop(MW_DROP_RING_FULL);
}

/* Kinds of which repeats are counted. Transfers through descriptors are summed in the map `transfers`. */
static __always_inline bool can_repeat(__u16 kind)
{
	return kind == MW_PROC_MEM_OPEN || kind == MW_KCORE_OPEN || kind == MW_PTRACE ||
	       kind == MW_PROCESS_VM || kind == MW_MEM_PROTECT;
}

static __always_inline struct mw_control *current_control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

/*
 * Whether this generation of the programs records the accesses of the current task. Checked only once a
 * program has something to record, so that an unrelated open does not pay for it.
 */
static __always_inline bool is_active(void)
{
	struct mw_control *state = current_control();

	if (!state)
		return false;
	if (state->proving && state->own_tgid == bpf_get_current_pid_tgid() >> 32)
		return state->proving == knobs.generation;
	return state->active == knobs.generation;
}

/*
 * If the event of the current task repeats one that was sent less than a window ago, counts it and returns 1.
 * A debugger that reads word by word makes hundreds of thousands of them, and user space pays only for those
 * that are sent. A global function: see text.bpf.h.
 */
__noinline int counts_as_repeat(void)
{
	struct mw_scratch *s = current_scratch();
	__u32 zero = 0;
	struct mw_control *state = current_control();
	struct mw_repeat *fresh = bpf_map_lookup_elem(&blank_repeat, &zero), *repeat;
	struct mw_repeat_key key = {};

	if (!s || !fresh || !state || !state->window_ns || !can_repeat(s->event.kind))
		return 0;
	/* a canary must arrive; for an event known by its text the target, and so the key, is unknown */
	if (s->event.traits & (MW_TRAIT_SIDECAR | MW_TRAIT_BY_TEXT))
		return 0;
	key.actor_start_ns = s->event.actor.start_time_ns;
	key.about = s->event.traits & MW_TRAIT_HAS_TARGET ? s->event.target.start_time_ns : s->event.inode;
	key.actor_tgid = s->event.actor.tgid;
	key.target_tgid = s->event.target.tgid;
	key.result = s->event.traits & MW_TRAIT_RESULT_UNKNOWN ? 1
		     : s->event.result < 0		       ? s->event.result
							       : 0;
	key.flags = s->event.flags;
	key.protection = s->event.protection | s->event.previous_protection << 16;
	key.kind = s->event.kind;
	key.method = s->event.method;
	repeat = bpf_map_lookup_elem(&repeats, &key);
	if (repeat && s->event.time_ns - repeat->window_start_ns < state->window_ns) {
		__sync_fetch_and_add(&repeat->count, 1);
		__sync_fetch_and_add(&repeat->bytes, s->event.size_bytes);
		repeat->last_ns = s->event.time_ns;
		return 1;
	}
	if (!repeat) {
		bpf_map_update_elem(&repeats, &key, fresh, BPF_NOEXIST);
		repeat = bpf_map_lookup_elem(&repeats, &key);
		if (!repeat)
			return 0;
		repeat->event = s->event;
	}
	repeat->window_start_ns = s->event.time_ns;
	return 0;
}

/* Sends the event of the current task, unless it is a repeat, and frees its scratch entry. */
static __always_inline void finish(struct mw_scratch *s)
{
	if (!counts_as_repeat())
		send(s);
	free_scratch();
}

/* A zeroed event of the current task; NULL when another generation records it, or when MW_SCRATCH_ENTRIES are
 * in flight (counted as dropped). */
static __always_inline struct mw_scratch *begin(enum mw_kind kind, enum mw_method method)
{
	__u64 task = bpf_get_current_pid_tgid();
	__u32 zero = 0;
	struct mw_scratch *empty = bpf_map_lookup_elem(&blank, &zero), *s;

	if (!empty || !is_active())
		return NULL;
	if (bpf_map_update_elem(&scratch, &task, empty, BPF_ANY) ||
	    !(s = bpf_map_lookup_elem(&scratch, &task))) {
		next_sequence();
		count_drop(MW_DROP_SCRATCH_FULL);
		return NULL;
	}
	s->event.time_ns = bpf_ktime_get_boot_ns();
	s->event.kind = kind;
	s->event.method = method;
	s->event.hook = knobs.hook;
	s->event.descriptor = -1;
	return s;
}

static __always_inline void append_executable(struct task_struct *task, enum mw_string which)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);

	if (exe)
		append_path((__u64)BPF_CORE_READ(exe, f_path.mnt), (__u64)BPF_CORE_READ(exe, f_path.dentry),
			    which);
}

static __always_inline void append_container_cgroup(struct task_struct *task, enum mw_string which)
{
	struct kernfs_node *cgroup = container_cgroup(task);

	if (cgroup)
		append_cgroup((__u64)cgroup, which);
}

/* Describes the current task as the actor, after MW_STRING_PATH. A global function: see text.bpf.h. */
__noinline int describe_actor(void)
{
	struct task_struct *actor = (void *)bpf_get_current_task();
	struct mw_control *state = current_control();
	struct mw_scratch *s = current_scratch();

	if (!s || !state)
		return 0;
	fill_process(&s->event.actor, actor, BPF_CORE_READ(actor, cred));
	if (s->event.actor.vtgid == state->own_vtgid && s->event.actor.pid_ns == state->own_pid_ns)
		s->event.traits |= MW_TRAIT_SIDECAR;
	fill_ancestors(s->event.ancestors, actor);
	if (BPF_CORE_READ(actor, flags) & MW_PF_IO_WORKER)
		s->event.traits |= MW_TRAIT_IO_URING;
	append_executable(actor, MW_STRING_ACTOR_EXE);
	append_container_cgroup(actor, MW_STRING_ACTOR_CGROUP);
	append_arguments(s, actor);
	return 0;
}

/* Describes a struct task_struct as the target, after the actor. A global function: see text.bpf.h. */
__noinline int describe_target(__u64 target_address)
{
	struct task_struct *target = (void *)target_address;
	struct mw_scratch *s = current_scratch();

	if (!s || !target)
		return 0;
	fill_process(&s->event.target, target, BPF_CORE_READ(target, real_cred));
	s->event.traits |= MW_TRAIT_HAS_TARGET;
	if (s->event.target.tgid == s->event.actor.tgid)
		s->event.traits |= MW_TRAIT_SELF;
	else if (descends_from(target, s->event.actor.tgid))
		s->event.traits |= MW_TRAIT_DESCENDANT;
	append_executable(target, MW_STRING_TARGET_EXE);
	append_container_cgroup(target, MW_STRING_TARGET_CGROUP);
	return 0;
}

#endif
