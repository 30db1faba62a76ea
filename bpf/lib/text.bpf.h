/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The strings of an event, appended one after the other to mw_scratch.text.
 *
 * Paths are walked over dentries and mounts instead of bpf_d_path(), which 5.10 refuses in LSM programs and
 * no kernel allows in kprobes and tracepoints. A walk goes from the leaf to the root, and so do the stored
 * components.
 *
 * The walks are global functions: the verifier checks such a function once, on its own, instead of once for
 * every state in which it is called. On 5.10 global functions take only numbers, so they look up the scratch
 * entry of the current task themselves. The end of the text is kept in that entry and not in a variable for a
 * similar reason: the verifier does not track values in maps, so every round of a loop is the same state to
 * it.
 */
#ifndef MEMWARDEN_TEXT_BPF_H
#define MEMWARDEN_TEXT_BPF_H

#include "maps.bpf.h"
#include "compat.bpf.h"

#define MW_PATH_STEPS_MAX   40 /* components and mount crossings of one path */
#define MW_CGROUP_STEPS_MAX 16

/* The event in flight of the current task, or NULL. */
static __always_inline struct mw_scratch *current_scratch(void)
{
	__u64 task = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&scratch, &task);
}

static __always_inline void begin_string(struct mw_scratch *s)
{
	s->start = s->used;
}

static __always_inline void end_string(struct mw_scratch *s, __u32 which)
{
	/* MW_STRING_COUNT is 7, a mask that keeps every index and bounds it for the verifier */
	s->event.string_length[which & MW_STRING_COUNT] = s->used - s->start;
}

/* Where the next bytes go, or NULL when the text is full. The mask repeats the bounds check in a form that
 * the verifier keeps track of. */
static __always_inline char *free_text(struct mw_scratch *s)
{
	__u64 used = s->used;

	if (used >= MW_TEXT_BYTES)
		return NULL;
	barrier_var(used);
	used &= MW_TEXT_BYTES - 1;
	return s->text + used;
}

static __always_inline bool string_is_longer_than(struct mw_scratch *s, __u64 bytes)
{
	return s->used - s->start > bytes;
}

/* Appends one NUL-terminated kernel string of at most NAME_MAX bytes. */
static __always_inline void append_name(struct mw_scratch *s, const void *name)
{
	char *to = free_text(s);
	long bytes;

	if (!to)
		return;
	bytes = bpf_probe_read_kernel_str(to, MW_NAME_BYTES, name);
	if (bytes > 0)
		s->used += bytes;
}

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* Appends the path of (struct vfsmount, struct dentry), leaf first, up to the root of its mount namespace. */
__noinline int append_path(__u64 vfsmount_address, __u64 dentry_address, __u32 which)
{
	struct vfsmount *vfsmount = (void *)vfsmount_address;
	struct dentry *dentry = (void *)dentry_address, *parent;
	struct mount *mount = mount_of(vfsmount), *mount_parent;
	struct dentry *root = BPF_CORE_READ(vfsmount, mnt_root);
	struct mw_scratch *s = current_scratch();
	int step;

	if (!s)
		return 0;
	begin_string(s);
	for (step = 0; step < MW_PATH_STEPS_MAX; step++) {
		if (string_is_longer_than(s, MW_PATH_BYTES - MW_NAME_BYTES))
			break;
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry != root && dentry != parent) {
			append_name(s, BPF_CORE_READ(dentry, d_name.name));
			dentry = parent;
			continue;
		}
		mount_parent = BPF_CORE_READ(mount, mnt_parent);
		if (mount == mount_parent)
			break;
		dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		mount = mount_parent;
		root = BPF_CORE_READ(mount, mnt.mnt_root);
	}
	end_string(s, which);
	return 0;
}

/* Appends the path of a cgroup's struct kernfs_node, leaf first; the root's own empty name is left out. */
__noinline int append_cgroup(__u64 node_address, __u32 which)
{
	struct kernfs_node *node = (void *)node_address, *parent;
	struct mw_scratch *s = current_scratch();
	int step;

	if (!s)
		return 0;
	begin_string(s);
	for (step = 0; step < MW_CGROUP_STEPS_MAX; step++) {
		if (string_is_longer_than(s, MW_CGROUP_BYTES - MW_NAME_BYTES))
			break;
		parent = kernfs_parent(node);
		if (!parent)
			break;
		append_name(s, BPF_CORE_READ(node, name));
		node = parent;
	}
	end_string(s, which);
	return 0;
}

/*
 * argv of the current task, from its memory. Read here because a short-lived attacker is gone before user
 * space can read /proc/<pid>/cmdline; absent when the page is not resident.
 */
static __always_inline void append_arguments(struct mw_scratch *s, struct task_struct *task)
{
	__u64 start = BPF_CORE_READ(task, mm, arg_start);
	__u64 bytes = BPF_CORE_READ(task, mm, arg_end) - start;
	char *to = free_text(s);

	if (!start || !bytes || !to)
		return;
	begin_string(s);
	barrier_var(bytes);
	if (bytes > MW_ARGUMENTS_BYTES)
		bytes = MW_ARGUMENTS_BYTES;
	if (!bpf_probe_read_user(to, bytes, (void *)start))
		s->used += bytes;
	end_string(s, MW_STRING_ACTOR_ARGUMENTS);
}

/* A string argument of a hook, in kernel or user memory. */
struct mw_text {
	const void *at; /* NULL: the hook has none */
	bool user;
};

static __always_inline long read_text(void *to, __u32 size, struct mw_text text, __u32 skip)
{
	if (text.user)
		return bpf_probe_read_user_str(to, size, text.at + skip);
	return bpf_probe_read_kernel_str(to, size, text.at + skip);
}

/* Length including the NUL, at most PATH_MAX; 0 when it cannot be read. */
static __always_inline __u32 length_of_text(struct mw_text text)
{
	__u32 zero = 0;
	char *sink = bpf_map_lookup_elem(&string_sink, &zero);
	long bytes;

	if (!sink || !text.at)
		return 0;
	bytes = read_text(sink, MW_STRING_SINK_BYTES, text, 0);
	return bytes > 0 ? bytes : 0;
}

/* Appends the path that the caller passed; of one that is too long, its end. */
static __always_inline void append_requested(struct mw_scratch *s, struct mw_text text)
{
	__u32 length = length_of_text(text);
	char *to = free_text(s);
	long bytes;

	if (!length || !to)
		return;
	begin_string(s);
	bytes = read_text(to, MW_PATH_BYTES, text, length > MW_PATH_BYTES ? length - MW_PATH_BYTES : 0);
	if (bytes > 0)
		s->used += bytes;
	end_string(s, MW_STRING_REQUESTED_PATH);
}

/* Whether the last component of the text is `name`; name_bytes includes the NUL. */
static __always_inline bool last_component_is(struct mw_text text, __u32 length, const char *name,
					      __u32 name_bytes)
{
	char end[8] = {}, before[2] = "/";
	__u32 i;

	if (length < name_bytes)
		return false;
	if (read_text(end, name_bytes, text, length - name_bytes) < 0)
		return false;
	for (i = 0; i < name_bytes; i++)
		if (end[i] != name[i])
			return false;
	if (length == name_bytes)
		return true;
	if (text.user)
		bpf_probe_read_user(before, 1, text.at + length - name_bytes - 1);
	else
		bpf_probe_read_kernel(before, 1, text.at + length - name_bytes - 1);
	return before[0] == '/';
}

#endif
