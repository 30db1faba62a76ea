/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File opens: is the opened file the memory of a process, the memory of the kernel, or wanted by a raw-event
 * filter?
 *
 * The file is recognised by what the kernel holds (superblock magic, dentry name, proc_inode.pid), never by
 * its path. security_file_open runs before procfs makes its own ptrace check (mem_open), so a refused open
 * passes here too; what became of it is known when do_filp_open returns.
 */
#ifndef MEMWARDEN_FILE_OPEN_BPF_H
#define MEMWARDEN_FILE_OPEN_BPF_H

#include "emit.bpf.h"
#include "raw_filter.bpf.h"
#include "syscall.bpf.h"

#define MW_EPERM  1
#define MW_EACCES 13

/* An open whose result has not come after this long went a way that do_filp_open does not see. */
#define MW_STALE_OPEN_NS 1000000000ULL

static __always_inline struct pid *proc_inode_pid(struct inode *inode)
{
	struct proc_inode *proc = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);

	return BPF_CORE_READ(proc, pid);
}

/* Name of a procfs file that matters; the length is compared first since nearly all names fail there. */
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

/* What the file is to us: an enum mw_kind, or 0 for a file that no signature or filter selects. */
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

/* Fill the event of the current task from the file; the caller decides when it is sent. */
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
 * The event of an open that has succeeded, from the descriptor that it gave the current task; NULL when
 * no signature or filter selects the file. An O_PATH descriptor opens nothing.
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

/* The open has succeeded: from now on the file has an opener. */
static __always_inline void remember_opener(struct mw_scratch *s)
{
	struct mw_opener opener = {.start_time_ns = s->event.actor.start_time_ns,
				   .tgid = s->event.actor.tgid};
	__u64 file = s->file;

	if (s->event.kind == MW_PROC_MEM_OPEN)
		bpf_map_update_elem(&openers, &file, &opener, BPF_ANY);
}

/*
 * security_file_open of a file that may be selected: its identity is known, the outcome is not
 * yet. A function of its own, as on_open_result: registers that it saves and stack that it uses would
 * otherwise be set up in every open of the machine.
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
		 * one, which is the user's. Otherwise the open before has ended unseen: the kernel skips an
		 * fexit program on a CPU where another task was preempted in it.
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

/* security_file_open, from whichever hook. */
static __always_inline void on_security_file_open(struct file *file, struct inode *inode, unsigned long magic)
{
	if (magic == MW_PROC_SUPER_MAGIC || knobs.raw_open)
		on_wanted_open(file, inode, magic);
}

/*
 * An open that was refused before the kernel had a file (directory or file permissions). Only the caller's
 * text tells what it was about; user space resolves it and drops what proves not to be procfs.
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

/* The open is over. `name`, `directory` and `flags` are the caller's, for when no event waits; NULL: unknown.
 */
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
