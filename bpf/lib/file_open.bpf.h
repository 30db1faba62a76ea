/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File opens: of the memory of a process, the memory of the kernel, or a file that a raw-event filter
 * selects.
 *
 * The file is recognised by kernel structures (superblock magic, dentry name, proc_inode.pid), never by its
 * path. security_file_open runs before procfs makes its own ptrace check (mem_open), so an open that this
 * check refuses is recorded as well; its result is known when do_filp_open returns.
 */
#ifndef MEMWARDEN_FILE_OPEN_BPF_H
#define MEMWARDEN_FILE_OPEN_BPF_H

#include "emit.bpf.h"
#include "raw_filter.bpf.h"
#include "syscall.bpf.h"

#define MW_EPERM  1
#define MW_EACCES 13

/* An open that has waited longer for its result has returned unseen: no overlayfs open is nested in it. */
#define MW_STALE_OPEN_NS 1000000000ULL

static __always_inline struct pid *proc_inode_pid(struct inode *inode)
{
	struct proc_inode *proc = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);

	return BPF_CORE_READ(proc, pid);
}

/* Whether a procfs file has this name. The length is compared first, since nearly all names differ in it. */
static __always_inline bool dentry_is(struct dentry *dentry, const char *name, __u32 length)
{
	char text[8] = {};
	__u32 i;

	if (BPF_CORE_READ(dentry, d_name.len) != length)
		return false;
	bpf_probe_read_kernel(text, length, BPF_CORE_READ(dentry, d_name.name));
	for (i = 0; i < length; i++)
		if (text[i] != name[i])
			return false;
	return true;
}

/* The struct pid whose memory a procfs file is, or NULL when it is any other procfs file. */
static __always_inline struct pid *procfs_memory(struct dentry *dentry, struct inode *inode)
{
	return dentry_is(dentry, "mem", 3) ? proc_inode_pid(inode) : NULL;
}

/* The enum mw_kind of an open of this file, or 0 when it is not recorded. */
static __always_inline int classify(struct file *file, struct inode *inode, unsigned long magic,
				    struct pid **pid)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);

	*pid = NULL;
	if (magic == MW_PROC_SUPER_MAGIC) {
		*pid = procfs_memory(dentry, inode);
		if (*pid)
			return MW_PROC_MEM_OPEN;
		if (dentry_is(dentry, "kcore", 5) &&
		    BPF_CORE_READ(dentry, d_parent) == BPF_CORE_READ(inode, i_sb, s_root))
			return MW_KCORE_OPEN;
	}
	if (knobs.raw_open && raw_filter_wants(BPF_CORE_READ(file, f_path.mnt), dentry))
		return MW_FILE_OPEN;
	return 0;
}

/* Fills the event of the current task from the file; the caller decides when it is sent. */
static __always_inline struct mw_scratch *describe_open(struct file *file, struct inode *inode, int kind,
							struct pid *pid)
{
	struct mw_scratch *s = begin(kind, MW_METHOD_OPEN);
	struct task_struct *target = pid ? task_of_pid(pid) : NULL;
	struct upid number = {};

	if (!s)
		return NULL;
	s->file = (__u64)file;
	s->event.flags = BPF_CORE_READ(file, f_flags);
	s->event.inode = BPF_CORE_READ(inode, i_ino);
	s->event.device = BPF_CORE_READ(inode, i_sb, s_dev);
	s->event.ctime_ns = inode_ctime_ns(inode);
	append_path((__u64)BPF_CORE_READ(file, f_path.mnt), (__u64)BPF_CORE_READ(file, f_path.dentry),
		    MW_STRING_PATH);
	if (pid) {
		innermost_number(pid, &number);
		s->event.named_pid = number.nr;
	}
	describe_actor();
	describe_target((__u64)target);
	return s;
}

/*
 * The event of a successful open, from the descriptor that it returned to the current task; NULL when it is
 * not recorded. An O_PATH descriptor gives no access to the file's content.
 */
static __always_inline struct mw_scratch *describe_opened(__u32 descriptor)
{
	struct file *file = file_of_descriptor(descriptor);
	struct mw_scratch *s;
	struct inode *inode;
	struct pid *pid;
	int kind;

	if (!file)
		return NULL;
	inode = BPF_CORE_READ(file, f_inode);
	kind = classify(file, inode, BPF_CORE_READ(inode, i_sb, s_magic), &pid);
	if (!kind || BPF_CORE_READ(file, f_mode) & MW_FMODE_PATH)
		return NULL;
	s = describe_open(file, inode, kind, pid);
	if (s)
		s->event.descriptor = descriptor;
	return s;
}

/* A successful open: records the actor as the opener of the file. */
static __always_inline void remember_opener(struct mw_scratch *s)
{
	struct mw_opener opener = {.start_time_ns = s->event.actor.start_time_ns,
				   .tgid = s->event.actor.tgid};
	__u64 file = s->file;

	if (s->event.kind == MW_PROC_MEM_OPEN)
		bpf_map_update_elem(&openers, &file, &opener, BPF_ANY);
}

/*
 * security_file_open of a file that may be recorded: the file is known, the result is not yet. Not inlined,
 * as on_open_result: inlined, its saved registers and its stack would cost every open of the machine.
 */
static __noinline int on_wanted_open(struct file *file, struct inode *inode, unsigned long magic)
{
	struct mw_scratch *s, *waiting;
	struct pid *pid;
	int kind;

	kind = classify(file, inode, magic, &pid);
	if (!kind || !is_active())
		return 0;
	waiting = current_scratch();
	if (waiting) {
		/*
		 * overlayfs opens its lower file, which is never one of procfs, inside the open of the upper
		 * one, which is the one to report. Otherwise the earlier open has returned without its result
		 * program: the kernel skips an fexit program on a CPU where another task was preempted in it.
		 */
		if (kind == MW_FILE_OPEN &&
		    bpf_ktime_get_boot_ns() - waiting->event.time_ns < MW_STALE_OPEN_NS)
			return 0;
		waiting->event.traits |= MW_TRAIT_RESULT_UNKNOWN;
		finish(waiting);
	}
	s = describe_open(file, inode, kind, pid);
	if (!s || knobs.result_follows)
		return 0;
	remember_opener(s);
	s->event.traits |= MW_TRAIT_RESULT_UNKNOWN;
	finish(s);
	return 0;
}

/* security_file_open, from any kind of hook. */
static __always_inline void on_security_file_open(struct file *file, struct inode *inode, unsigned long magic)
{
	if (magic == MW_PROC_SUPER_MAGIC || knobs.raw_open)
		on_wanted_open(file, inode, magic);
}

/*
 * An open that was refused before the kernel had a file (directory or file permissions). Only the caller's
 * path text is known; user space resolves it, and drops the event unless it leads to a memory file of procfs.
 */
static __always_inline void on_refused_by_text(struct mw_text text, int directory, __u32 flags, long result)
{
	__u32 length = length_of_text(text);
	struct mw_scratch *s;
	enum mw_kind kind;

	if (last_component_is(text, length, "mem", sizeof("mem")))
		kind = MW_PROC_MEM_OPEN;
	else if (last_component_is(text, length, "kcore", sizeof("kcore")))
		kind = MW_KCORE_OPEN;
	else
		return;
	s = begin(kind, MW_METHOD_OPEN);
	if (!s)
		return;
	s->event.flags = flags;
	s->event.result = result;
	s->event.traits |= MW_TRAIT_BY_TEXT;
	s->event.descriptor = directory; /* where a relative path starts; AT_FDCWD is negative */
	describe_actor();
	append_requested(s, text);
	finish(s);
}

static __always_inline bool is_refusal(long result)
{
	return result == -MW_EACCES || result == -MW_EPERM;
}

/* The open has returned. `name`, `directory` and `flags` are the caller's arguments, used when no event
 * waits; name NULL: unknown. */
static __noinline int on_open_result(long result, struct filename *name, int directory, __u32 flags)
{
	struct mw_text text = {.at = name ? BPF_CORE_READ(name, name) : NULL};
	struct mw_scratch *s;

	if (!is_active())
		return 0;
	s = current_scratch();
	if (!s) {
		if (text.at && is_refusal(result))
			on_refused_by_text(text, directory, flags, result);
		return 0;
	}
	if (is_error(result))
		s->event.result = result;
	else if (s->file == (__u64)result)
		remember_opener(s);
	else
		s->event.traits |= MW_TRAIT_RESULT_UNKNOWN;
	append_requested(s, text);
	finish(s);
	return 0;
}

#endif
