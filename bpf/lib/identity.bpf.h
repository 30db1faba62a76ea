/* SPDX-License-Identifier: GPL-2.0-only */
/* Describes tasks, the actor and the target of an access, at the moment of the event. */
#ifndef MEMWARDEN_IDENTITY_BPF_H
#define MEMWARDEN_IDENTITY_BPF_H

#include "text.bpf.h"

#define MW_DESCENT_MAX 16 /* generations searched for "the target descends from the actor" */

/* struct pid::numbers[level]: the pid's number and namespace at its own (deepest) level. */
static __always_inline void innermost_number(struct pid *pid, struct upid *number)
{
	__u32 level = BPF_CORE_READ(pid, level);
	void *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);
	void *entry = numbers + level * bpf_core_type_size(struct upid);

	bpf_core_read(&number->nr, sizeof(number->nr), &((struct upid *)entry)->nr);
	bpf_core_read(&number->ns, sizeof(number->ns), &((struct upid *)entry)->ns);
}

/* pid_task(pid, PIDTYPE_PID): the one task that has this struct pid as its thread id, leader or not. */
static __always_inline struct task_struct *task_of_pid(struct pid *pid)
{
	void *node = BPF_CORE_READ(pid, tasks[0].first);

	if (!node)
		return NULL;
	return node - bpf_core_field_offset(struct task_struct, pid_links);
}

/*
 * The cgroup that names a container. On a v1 or hybrid host the default hierarchy is empty or holds only
 * systemd's own, so a task in its root is looked up in the memory and pids hierarchies instead.
 */
static __always_inline struct kernfs_node *container_cgroup(struct task_struct *task)
{
	struct kernfs_node *node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn), *v1;
	struct cgroup_subsys_state **subsys;
	struct cgroup_subsys_state *css = NULL;
	int id;

	if (!node || kernfs_parent(node))
		return node;
	subsys = (void *)BPF_CORE_READ(task, cgroups) + bpf_core_field_offset(struct css_set, subsys);
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id___any, memory_cgrp_id___any)) {
		id = bpf_core_enum_value(enum cgroup_subsys_id___any, memory_cgrp_id___any);
		bpf_probe_read_kernel(&css, sizeof(css), subsys + id);
		v1 = BPF_CORE_READ(css, cgroup, kn);
		if (v1 && kernfs_parent(v1))
			return v1;
	}
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id___any, pids_cgrp_id___any)) {
		id = bpf_core_enum_value(enum cgroup_subsys_id___any, pids_cgrp_id___any);
		bpf_probe_read_kernel(&css, sizeof(css), subsys + id);
		v1 = BPF_CORE_READ(css, cgroup, kn);
		if (v1 && kernfs_parent(v1))
			return v1;
	}
	return node;
}

/* An open file of the current task, by its number. */
static __always_inline struct file *file_of_descriptor(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return file;
}

#define MW_XA_LEVELS_MAX                                                                                     \
	6 /* of an xarray that holds PID_MAX_LIMIT (2^22) entries in chunks of 64, and then some */

/* find_pid_ns(): the struct pid of a number in a namespace. Walks the idr itself, because the helpers exist
 * only from 6.2 on. */
static __always_inline struct pid *pid_of_number(struct pid_namespace *ns, __u32 number)
{
	__u64 entry = (__u64)BPF_CORE_READ(ns, idr.idr_rt.xa_head);
	__u32 mask = bpf_core_field_size(struct xa_node, slots) / sizeof(void *) - 1;
	__u32 offset = bpf_core_field_offset(struct xa_node, slots);
	__u8 shift = 0;
	int level;

	for (level = 0; level < MW_XA_LEVELS_MAX; level++) {
		/* xa_is_node(): an internal entry above the sibling and zero entries */
		if ((entry & 3) != 2 || entry <= 4096)
			break;
		entry -= 2;
		shift = BPF_CORE_READ((struct xa_node *)entry, shift);
		bpf_probe_read_kernel(&entry, sizeof(entry),
				      (void *)entry + offset +
					  ((number >> (shift & 31)) & mask) * sizeof(void *));
	}
	return (entry & 3) ? NULL : (struct pid *)entry;
}

/* The namespace in which the current task names other processes: task_active_pid_ns(). */
static __always_inline struct pid_namespace *current_pid_namespace(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct upid number = {};

	innermost_number(BPF_CORE_READ(task, thread_pid), &number);
	return number.ns;
}

static __always_inline void fill_process(struct mw_process *p, struct task_struct *task,
					 const struct cred *cred)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	struct upid number = {};

	p->start_time_ns = BPF_CORE_READ(leader, start_boottime);
	p->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	p->tgid = BPF_CORE_READ(task, tgid);
	p->tid = BPF_CORE_READ(task, pid);
	p->ppid = BPF_CORE_READ(leader, real_parent, tgid);
	p->uid = BPF_CORE_READ(cred, uid.val);
	p->euid = BPF_CORE_READ(cred, euid.val);
	p->gid = BPF_CORE_READ(cred, gid.val);
	p->loginuid = task_loginuid(task);
	p->mnt_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	if (pid) {
		innermost_number(pid, &number);
		p->vtgid = number.nr;
		p->pid_ns = BPF_CORE_READ(number.ns, ns.inum);
	}
	bpf_core_read_str(p->comm, sizeof(p->comm), &task->comm);
}

static __always_inline void fill_ancestors(struct mw_ancestor *ancestors, struct task_struct *task)
{
	struct task_struct *parent = BPF_CORE_READ(task, group_leader, real_parent, group_leader);
	int i;

	for (i = 0; i < MW_ANCESTORS_MAX; i++) {
		ancestors[i].tgid = BPF_CORE_READ(parent, tgid);
		if (!ancestors[i].tgid)
			return;
		bpf_core_read_str(ancestors[i].comm, sizeof(ancestors[i].comm), &parent->comm);
		parent = BPF_CORE_READ(parent, real_parent, group_leader);
	}
}

static __always_inline bool descends_from(struct task_struct *task, __u32 tgid)
{
	int i;

	for (i = 0; i < MW_DESCENT_MAX; i++) {
		task = BPF_CORE_READ(task, group_leader, real_parent);
		if (BPF_CORE_READ(task, tgid) == tgid)
			return true;
		if (BPF_CORE_READ(task, tgid) <= 1)
			return false;
	}
	return false;
}

#endif
