/* SPDX-License-Identifier: GPL-2.0-only */
/* Capability file_open. Part of memwarden.bpf.c. */
#include "../lib/file_open.bpf.h"

/* file_open, the first hook of the ladder: the LSM hook itself. Plain loads: the verifier knows the type. */
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

/*
 * Fast path for an opened file outside procfs, which has no event waiting: three loads and no map look-up.
 * The loads are plain where the verifier knows the type; three helper calls would cost as much as the rest of
 * the program.
 */
static __always_inline bool opened_elsewhere(struct file *file)
{
	return !knobs.raw_open && !is_error((long)file) &&
	       file->f_inode->i_sb->s_magic != MW_PROC_SUPER_MAGIC;
}

static __always_inline bool untyped_opened_elsewhere(struct file *file)
{
	return !knobs.raw_open && !is_error((long)file) &&
	       BPF_CORE_READ(file, f_inode, i_sb, s_magic) != MW_PROC_SUPER_MAGIC;
}

/* The result: every open, by system call or io_uring, returns through this function. */
SEC("fexit/do_filp_open")
int BPF_PROG(fexit_do_filp_open, int dfd, struct filename *name, const int *op, struct file *opened)
{
	if (!opened_elsewhere(opened))
		on_open_result((long)opened, name, dfd, *op);
	return 0;
}

/* 25b38bb60b5a ("rename do_filp_open() to do_file_open()"): not in 6.18, in 7.3. */
SEC("fexit/do_file_open")
int BPF_PROG(fexit_do_file_open, int dfd, struct filename *name, const int *op, struct file *opened)
{
	if (!opened_elsewhere(opened))
		on_open_result((long)opened, name, dfd, *op);
	return 0;
}

SEC("kretprobe/do_filp_open")
int BPF_KRETPROBE(kretprobe_do_filp_open, struct file *opened)
{
	if (!untyped_opened_elsewhere(opened))
		on_open_result((long)opened, NULL, -1, 0);
	return 0;
}

SEC("kretprobe/do_file_open")
int BPF_KRETPROBE(kretprobe_do_file_open, struct file *opened)
{
	if (!untyped_opened_elsewhere(opened))
		on_open_result((long)opened, NULL, -1, 0);
	return 0;
}

/* Creation flags that do_dentry_open clears from f_flags once the file is open. */
#define MW_CREATION_FLAGS (0100 | 0200 | 0400 | 01000) /* O_CREAT|O_EXCL|O_NOCTTY|O_TRUNC */

static __noinline int on_open_call(struct pt_regs *regs, long result, __u32 calls)
{
	bool compat = false;
	enum mw_open_call call = callers_choice(calls, &compat);
	struct mw_text text = {.user = true};
	struct mw_scratch *s;
	__u32 flags;

	if (call == MW_CALL_OTHER)
		return 0;
	if (result < 0) {
		if (!is_refusal(result))
			return 0;
		text.at = open_arguments(regs, call, compat, &flags);
		on_refused_by_text(text, open_directory(regs, call, compat), flags, result);
		return 0;
	}
	s = describe_opened(result);
	if (!s)
		return 0;
	text.at = open_arguments(regs, call, compat, &flags);
	s->event.flags |= flags & MW_CREATION_FLAGS;
	if (compat)
		s->event.traits |= MW_TRAIT_COMPAT;
	append_requested(s, text);
	remember_opener(s);
	finish(s);
	return 0;
}

/*
 * file_open, the last hook of the ladder. It takes the fast path from every system call of the machine, so it
 * is used only where no other hook works. The file is found through the new descriptor; a refused open has
 * none, and is reported by its path text.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(tracepoint_sys_exit, struct pt_regs *regs, long result)
{
	__u32 calls = open_calls(traced_syscall_number(regs));

	if (calls)
		on_open_call(regs, result, calls);
	return 0;
}

/* include/uapi/linux/io_uring.h */
#define MW_IORING_OP_OPENAT  18
#define MW_IORING_OP_OPENAT2 28

/* With the tracepoint hook an io_uring open is recorded when a thread of its process posts the completion. */
static __always_inline void on_io_uring_complete(struct io_kiocb *request, long result)
{
	__u8 opcode = request ? BPF_CORE_READ(request, opcode) : 0;
	struct mw_scratch *s;

	if ((opcode != MW_IORING_OP_OPENAT && opcode != MW_IORING_OP_OPENAT2) || result < 0)
		return;
	s = describe_opened(result);
	if (!s)
		return;
	s->event.traits |= MW_TRAIT_IO_URING;
	remember_opener(s);
	finish(s);
}

/* From 6.18 (6.12 has the other form): the result is in the completion queue entry. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG(io_uring_complete_entry, void *ring, struct io_kiocb *request, struct io_uring_cqe *entry)
{
	on_io_uring_complete(request, entry->res);
	return 0;
}

/*
 * 502c87d65564 ("io-uring: Make tracepoints consistent.", 5.18) added the request. `extra` is read so that a
 * shorter list of arguments, before it and after it, is refused.
 */
SEC("raw_tp/io_uring_complete")
int io_uring_complete_result(struct bpf_raw_tracepoint_args *ctx)
{
	volatile __u64 extra = ctx->args[6];

	(void)extra;
	on_io_uring_complete((void *)ctx->args[1], (__s32)ctx->args[3]);
	return 0;
}
