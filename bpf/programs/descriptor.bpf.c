/* SPDX-License-Identifier: GPL-2.0-only */
/* Capabilities descriptor and memory_io. Part of memwarden.bpf.c. */
#include "../lib/descriptor.bpf.h"

/* descriptor: a process receives a descriptor from another one. */
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

static __noinline int on_receiving_call(struct pt_regs *regs, long result, __u32 calls)
{
	bool compat = false;
	enum mw_access_call call = callers_choice(calls, &compat);
	struct file *file;

	if (call == MW_ACCESS_GETFD) {
		file = file_of_descriptor(result);
		if (file)
			on_received(file, MW_METHOD_PIDFD_GETFD, result);
	} else if (call == MW_ACCESS_RECVMSG && !compat) {
		on_message_received(regs);
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(tracepoint_receive_exit, struct pt_regs *regs, long result)
{
	__u32 calls = access_calls(traced_syscall_number(regs));

	if (calls && result >= 0)
		on_receiving_call(regs, result, calls);
	return 0;
}

/* descriptor, with every hook: descriptors that a new program was started with. Fires only on execve(2). */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(tracepoint_exec, struct task_struct *task)
{
	on_exec();
	return 0;
}

/* memory_io. mem_read and mem_write are called through function pointers, so they are never inlined. */
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
