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
#include "access.h"
#include "descriptor.h"
#include "protection.h"

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
		on_open_result((long)opened, (struct mw_text){BPF_CORE_READ(name, name), false}, dfd, *op);
	return 0;
}

/* do_filp_open's name from 7.0 on. */
SEC("fexit/do_file_open")
int BPF_PROG(fexit_do_file_open, int dfd, struct filename *name, const int *op, struct file *opened)
{
	if (!opened_elsewhere(opened))
		on_open_result((long)opened, (struct mw_text){BPF_CORE_READ(name, name), false}, dfd, *op);
	return 0;
}

SEC("kretprobe/do_filp_open")
int BPF_KRETPROBE(kretprobe_do_filp_open, struct file *opened)
{
	if (!opened_elsewhere(opened))
		on_open_result((long)opened, (struct mw_text){}, -1, 0);
	return 0;
}

SEC("kretprobe/do_file_open")
int BPF_KRETPROBE(kretprobe_do_file_open, struct file *opened)
{
	if (!opened_elsewhere(opened))
		on_open_result((long)opened, (struct mw_text){}, -1, 0);
	return 0;
}

/* Creation flags that do_dentry_open clears from f_flags once the file is open. */
#define MW_CREATION_FLAGS (0100 | 0200 | 0400 | 01000) /* O_CREAT|O_EXCL|O_NOCTTY|O_TRUNC */

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
		on_refused_by_text(text, open_directory(regs, call, compat), flags, result);
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
	remember_opener(s);
	finish(s);
	return 0;
}

/* include/uapi/linux/io_uring.h */
#define MW_IORING_OP_OPENAT  18
#define MW_IORING_OP_OPENAT2 28

/* Where system calls are the hook, an io_uring open is seen when its completion is posted, by a thread of its
 * process. */
static __always_inline void on_io_uring_complete(struct io_kiocb *request, long result)
{
	__u8 opcode = request ? BPF_CORE_READ(request, opcode) : 0;
	struct mw_scratch *s;
	struct inode *inode;
	struct file *file;
	struct pid *pid;
	int kind;

	if ((opcode != MW_IORING_OP_OPENAT && opcode != MW_IORING_OP_OPENAT2) || result < 0)
		return;
	file = file_of_descriptor(result);
	if (!file)
		return;
	inode = BPF_CORE_READ(file, f_inode);
	kind = classify(file, inode, BPF_CORE_READ(inode, i_sb, s_magic), &pid);
	if (!kind || BPF_CORE_READ(file, f_mode) & MW_FMODE_PATH)
		return;
	s = describe_open(file, inode, kind, pid);
	if (!s)
		return;
	s->event.descriptor = result;
	s->event.traits |= MW_TRAIT_IO_URING;
	remember_opener(s);
	finish(s);
}

/* 072d37b53a20 ("io_uring: make io_uring_complete trace the cqe", 6.17) and later: the result is in the
 * entry. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG(io_uring_complete_entry, void *ring, struct io_kiocb *request, struct io_uring_cqe *entry)
{
	on_io_uring_complete(request, entry->res);
	return 0;
}

/* 5.19 to 6.16; before it the request was not told. `extra` is read so that a shorter list of arguments is
 * refused. */
SEC("raw_tp/io_uring_complete")
int io_uring_complete_result(struct bpf_raw_tracepoint_args *ctx)
{
	volatile __u64 extra = ctx->args[6];

	(void)extra;
	on_io_uring_complete((void *)ctx->args[1], (__s32)ctx->args[3]);
	return 0;
}

/*
 * ptrace: the entry functions of the calls themselves. Their names carry the architecture
 * (arch/<arch>/include/asm/syscall_wrapper.h); a 32-bit caller enters through functions of its own.
 */
#if defined(__TARGET_ARCH_x86)
#define MW_NATIVE(call)	       "__x64_sys_" call
#define MW_COMPAT(call)	       "__ia32_compat_sys_" call
#define MW_COMPAT_SHARED(call) "__ia32_sys_" call
#elif defined(__TARGET_ARCH_arm64)
#define MW_NATIVE(call)	       "__arm64_sys_" call
#define MW_COMPAT(call)	       "__arm64_compat_sys_" call
/* Where the 32-bit table points at the native function there is nothing more to attach to. */
#define MW_COMPAT_SHARED(call) "__arm64_sys_" call
#endif

#define MW_ACCESS_PROGRAMS(name, function, call, compat)                                                     \
	SEC("fexit/" function)                                                                               \
	int BPF_PROG(fexit_##name, struct pt_regs *regs, long result)                                        \
	{                                                                                                    \
		on_access_call(call, regs, compat, result);                                                  \
		return 0;                                                                                    \
	}                                                                                                    \
                                                                                                             \
	SEC("kretprobe/" function)                                                                           \
	int BPF_KRETPROBE(kretprobe_##name, long result)                                                     \
	{                                                                                                    \
		on_access_call(call, user_registers(), compat, result);                                      \
		return 0;                                                                                    \
	}

MW_ACCESS_PROGRAMS(ptrace, MW_NATIVE("ptrace"), MW_ACCESS_PTRACE, false)
MW_ACCESS_PROGRAMS(process_vm_readv, MW_NATIVE("process_vm_readv"), MW_ACCESS_VM_READV, false)
MW_ACCESS_PROGRAMS(process_vm_writev, MW_NATIVE("process_vm_writev"), MW_ACCESS_VM_WRITEV, false)
MW_ACCESS_PROGRAMS(ptrace_compat, MW_COMPAT("ptrace"), MW_ACCESS_PTRACE, true)
#if defined(__TARGET_ARCH_x86)
MW_ACCESS_PROGRAMS(process_vm_readv_compat, MW_COMPAT_SHARED("process_vm_readv"), MW_ACCESS_VM_READV, true)
MW_ACCESS_PROGRAMS(process_vm_writev_compat, MW_COMPAT_SHARED("process_vm_writev"), MW_ACCESS_VM_WRITEV, true)
#endif

/* ptrace, last rung. */
SEC("tp_btf/sys_exit")
int BPF_PROG(tracepoint_access_exit, struct pt_regs *regs, long result)
{
	bool compat = false;
	enum mw_access_call call = access_call(syscall_number(regs), &compat);

	if (call == MW_ACCESS_PTRACE || call == MW_ACCESS_VM_READV || call == MW_ACCESS_VM_WRITEV)
		on_access_call(call, regs, compat, result);
	return 0;
}

/* descriptor: a process receives a file that another one opened. */
SEC("lsm/file_receive")
int BPF_PROG(lsm_file_receive, struct file *file)
{
	on_file_receive(untyped(file));
	return 0;
}

SEC("fentry/security_file_receive")
int BPF_PROG(fentry_file_receive, struct file *file)
{
	on_file_receive(untyped(file));
	return 0;
}

SEC("kprobe/security_file_receive")
int BPF_KPROBE(kprobe_file_receive, struct file *file)
{
	on_file_receive(untyped(file));
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(tracepoint_receive_exit, struct pt_regs *regs, long result)
{
	bool compat = false;
	enum mw_access_call call = access_call(syscall_number(regs), &compat);
	struct file *file;

	if (result < 0)
		return 0;
	if (call == MW_ACCESS_GETFD) {
		file = file_of_descriptor(result);
		if (file)
			on_received(file, MW_METHOD_PIDFD_GETFD, result);
	} else if (call == MW_ACCESS_RECVMSG && !compat) {
		on_message_received(regs);
	}
	return 0;
}

/* descriptor, on every rung: what a new program was started with. Fires on execve(2) alone. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(tracepoint_exec, struct task_struct *task)
{
	on_exec();
	return 0;
}

/* memory_io: evidence of use. mem_read and mem_write are reached through function pointers, so they are never
 * inlined. */
SEC("fexit/mem_read")
int BPF_PROG(fexit_mem_read, struct file *file, char *buffer, __u64 count, __s64 *position, long result)
{
	on_transfer(untyped(file), MW_METHOD_FD_READ, position, result);
	return 0;
}

SEC("fexit/mem_write")
int BPF_PROG(fexit_mem_write, struct file *file, const char *buffer, __u64 count, __s64 *position,
	     long result)
{
	on_transfer(untyped(file), MW_METHOD_FD_WRITE, position, result);
	return 0;
}

SEC("kprobe/mem_read")
int BPF_KPROBE(kprobe_mem_read, struct file *file, char *buffer, __u64 count, __s64 *position)
{
	begin_transfer(file, position);
	return 0;
}

SEC("kretprobe/mem_read")
int BPF_KRETPROBE(kretprobe_mem_read, long result)
{
	end_transfer(MW_METHOD_FD_READ, result);
	return 0;
}

SEC("kprobe/mem_write")
int BPF_KPROBE(kprobe_mem_write, struct file *file, const char *buffer, __u64 count, __s64 *position)
{
	begin_transfer(file, position);
	return 0;
}

SEC("kretprobe/mem_write")
int BPF_KRETPROBE(kretprobe_mem_write, long result)
{
	end_transfer(MW_METHOD_FD_WRITE, result);
	return 0;
}

SEC("kprobe/mem_release")
int BPF_KPROBE(kprobe_mem_release, struct inode *inode, struct file *file)
{
	on_release(untyped(file));
	return 0;
}

SEC("fentry/mem_release")
int BPF_PROG(fentry_mem_release, struct inode *inode, struct file *file)
{
	on_release(untyped(file));
	return 0;
}

/* memory_protection */
SEC("lsm/file_mprotect")
int BPF_PROG(lsm_file_mprotect, struct vm_area_struct *vma, unsigned long requested, unsigned long prot)
{
	on_mprotect(vma, requested);
	return 0;
}

SEC("fentry/security_file_mprotect")
int BPF_PROG(fentry_file_mprotect, struct vm_area_struct *vma, unsigned long requested, unsigned long prot)
{
	on_mprotect(vma, requested);
	return 0;
}

SEC("kprobe/security_file_mprotect")
int BPF_KPROBE(kprobe_file_mprotect, struct vm_area_struct *vma, unsigned long requested)
{
	on_mprotect(vma, requested);
	return 0;
}

SEC("fexit/do_mprotect_pkey")
int BPF_PROG(fexit_mprotect, unsigned long start, __u64 length, unsigned long requested, int key, int result)
{
	on_mprotect_result(result);
	return 0;
}

SEC("kretprobe/do_mprotect_pkey")
int BPF_KRETPROBE(kretprobe_mprotect, int result)
{
	on_mprotect_result(result);
	return 0;
}

SEC("fexit/vm_mmap_pgoff")
int BPF_PROG(fexit_mmap, struct file *file, unsigned long address, unsigned long size,
	     unsigned long requested, unsigned long flags, unsigned long offset, long result)
{
	on_mmap(file, size, requested, result);
	return 0;
}

SEC("kretprobe/vm_mmap_pgoff")
int BPF_KRETPROBE(kretprobe_mmap, long result)
{
	struct pt_regs *regs = user_registers();
	bool compat = false;
	enum mw_protect_call call = protect_call(syscall_number(regs), &compat);

	/* the calls that are not mmap(2) (shmat, a program's own start) have their arguments elsewhere */
	if (call == MW_PROTECT_MMAP)
		on_mmap(NULL, syscall_argument(regs, 1, compat), syscall_argument(regs, 2, compat), result);
	return 0;
}

/* memory_protection, last rung: the areas are looked up before the call changes them. */
#define MW_AREAS_MAX 8

struct mw_area_search {
	__u32 requested;
	__u64 next; /* end of the area that was found, 0 when there was none */
};

static long on_area_found(struct task_struct *task, struct vm_area_struct *vma, struct mw_area_search *search)
{
	search->next = BPF_CORE_READ(vma, vm_end);
	on_mprotect(vma, search->requested);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(tracepoint_protect_enter, struct pt_regs *regs, long number)
{
	struct mw_area_search search = {};
	bool compat = false;
	__u64 at, end;
	int i;

	if (protect_call(syscall_number(regs), &compat) != MW_PROTECT_MPROTECT)
		return 0;
	search.requested = syscall_argument(regs, 2, compat);
	if (!(search.requested & MW_PROT_EXEC))
		return 0;
	at = syscall_argument(regs, 0, compat);
	end = at + syscall_argument(regs, 1, compat);
	for (i = 0; i < MW_AREAS_MAX && at < end; i++) {
		search.next = 0;
		bpf_find_vma(bpf_get_current_task_btf(), at, on_area_found, &search, 0);
		if (search.next <= at)
			break;
		at = search.next;
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(tracepoint_protect_exit, struct pt_regs *regs, long result)
{
	bool compat = false;

	switch (protect_call(syscall_number(regs), &compat)) {
	case MW_PROTECT_MMAP:
		on_mmap(NULL, syscall_argument(regs, 1, compat), syscall_argument(regs, 2, compat), result);
		break;
	case MW_PROTECT_MPROTECT:
		on_mprotect_result(result);
		break;
	default:
		break;
	}
	return 0;
}

/* Puts the types that user space mirrors into the object's BTF, where the decoder's test finds them. */
struct mw_contract {
	struct mw_event *event;
	enum mw_kind kind;
	enum mw_hook hook;
	enum mw_method method;
	enum mw_string string;
	enum mw_drop drop;
	struct mw_repeat_key *repeat_key;
	struct mw_repeat *repeat;
	struct mw_repeat_settings *repeat_settings;
};

const struct mw_contract *contract __attribute__((unused));

/* Helpers used here are for GPL-compatible programs only. */
char LICENSE[] SEC("license") = "GPL";
