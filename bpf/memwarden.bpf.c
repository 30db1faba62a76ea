/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs. Each only fetches its hook's arguments; the inline body of its capability does the rest.
 * User space loads one rung of each ladder, the first that proves alive (src/capture/ladder.ts).
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "file_open.h"
#include "syscall.h"

/* file_open, first rung: the LSM hook itself. Plain loads: the verifier knows the type. */
SEC("lsm/file_open")
int BPF_PROG(lsm_file_open, struct file *file)
{
	struct inode *inode = file->f_inode;

	on_security_file_open(file, inode, inode->i_sb->s_magic);
	return 0;
}

SEC("fentry/security_file_open")
int BPF_PROG(fentry_file_open, struct file *file)
{
	struct inode *inode = file->f_inode;

	on_security_file_open(file, inode, inode->i_sb->s_magic);
	return 0;
}

SEC("kprobe/security_file_open")
int BPF_KPROBE(kprobe_file_open, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	on_security_file_open(file, inode, BPF_CORE_READ(inode, i_sb, s_magic));
	return 0;
}

/* A file that was opened and is none of ours has no event waiting: three loads, no lookup. */
static __always_inline bool opened_elsewhere(struct file *file)
{
	return !knobs.raw_open && !is_error((long)file) &&
	       BPF_CORE_READ(file, f_inode, i_sb, s_magic) != MW_PROC_SUPER_MAGIC;
}

/* open_result: every open, by system call or io_uring, returns through this function. */
SEC("fexit/do_filp_open")
int BPF_PROG(fexit_do_filp_open, int dfd, struct filename *name, const int *op, struct file *opened)
{
	if (!opened_elsewhere(opened))
		on_open_result((long)opened, (struct mw_text){BPF_CORE_READ(name, name), false}, *op);
	return 0;
}

/* do_filp_open's name from 7.0 on. */
SEC("fexit/do_file_open")
int BPF_PROG(fexit_do_file_open, int dfd, struct filename *name, const int *op, struct file *opened)
{
	if (!opened_elsewhere(opened))
		on_open_result((long)opened, (struct mw_text){BPF_CORE_READ(name, name), false}, *op);
	return 0;
}

SEC("kretprobe/do_filp_open")
int BPF_KRETPROBE(kretprobe_do_filp_open, struct file *opened)
{
	if (!opened_elsewhere(opened))
		on_open_result((long)opened, (struct mw_text){}, 0);
	return 0;
}

SEC("kretprobe/do_file_open")
int BPF_KRETPROBE(kretprobe_do_file_open, struct file *opened)
{
	if (!opened_elsewhere(opened))
		on_open_result((long)opened, (struct mw_text){}, 0);
	return 0;
}

/* Creation flags that do_dentry_open clears from f_flags once the file is open. */
#define MW_CREATION_FLAGS (0100 | 0200 | 0400 | 01000) /* O_CREAT|O_EXCL|O_NOCTTY|O_TRUNC */

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

/*
 * file_open, last rung. It costs every system call of the machine its fast path, so it stands only where
 * nothing better can be had. The file is found through the new descriptor; a refused open has none, and is
 * told by its text.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(tracepoint_sys_exit, struct pt_regs *regs, long result)
{
	bool compat = false;
	enum mw_open_call call = open_call(syscall_number(regs), &compat);
	struct mw_text text = {.user = true};
	struct mw_scratch *s;
	struct inode *inode;
	struct file *file;
	struct pid *pid;
	__u32 flags;
	int kind;

	if (call == MW_CALL_OTHER)
		return 0;
	if (result < 0) {
		if (!is_refusal(result))
			return 0;
		text.at = open_arguments(regs, call, compat, &flags);
		on_refused_by_text(text, flags, result);
		return 0;
	}
	file = file_of_descriptor(result);
	if (!file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	kind = classify(file, inode, BPF_CORE_READ(inode, i_sb, s_magic), &pid);
	if (!kind || BPF_CORE_READ(file, f_mode) & MW_FMODE_PATH)
		return 0;
	s = describe_open(file, inode, kind, pid);
	if (!s)
		return 0;
	text.at = open_arguments(regs, call, compat, &flags);
	s->event.descriptor = result;
	s->event.flags |= flags & MW_CREATION_FLAGS;
	if (compat)
		s->event.traits |= MW_TRAIT_COMPAT;
	append_requested(s, text);
	finish(s);
	return 0;
}

/* The record's type must be in the object's BTF for the decoder's test. */
const struct mw_event *mw_event_in_btf __attribute__((unused));

/* Helpers used here are for GPL-compatible programs only. */
char LICENSE[] SEC("license") = "GPL";
