/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ptrace(2), process_vm_readv(2) and process_vm_writev(2), recorded when the call returns: by fexit or
 * kretprobe on the entry function of the call, which costs other system calls nothing, or by the sys_exit
 * tracepoint. In each case the arguments are in the saved user registers. The target is looked up in the idr
 * of the caller's pid namespace.
 */
#ifndef MEMWARDEN_PTRACE_BPF_H
#define MEMWARDEN_PTRACE_BPF_H

#include "emit.bpf.h"
#include "syscall.bpf.h"

/* include/uapi/linux/ptrace.h, arch/x86/include/uapi/asm/ptrace-abi.h */
#define MW_PTRACE_TRACEME   0
#define MW_PTRACE_PEEKTEXT  1
#define MW_PTRACE_PEEKDATA  2
#define MW_PTRACE_POKETEXT  4
#define MW_PTRACE_POKEDATA  5
#define MW_PTRACE_POKEUSR   6
#define MW_PTRACE_GETREGS   12
#define MW_PTRACE_SETREGS   13
#define MW_PTRACE_SETFPREGS 15
#define MW_PTRACE_ATTACH    16
#define MW_PTRACE_GETREGSET 0x4204
#define MW_PTRACE_SETREGSET 0x4205
#define MW_PTRACE_SEIZE	    0x4206

/* Requests that a signature matches. Others (PTRACE_CONT, PTRACE_SYSCALL, …) are frequent in every debugging
 * session. */
static __always_inline bool is_recorded_request(__u32 request)
{
	switch (request) {
	case MW_PTRACE_PEEKTEXT:
	case MW_PTRACE_PEEKDATA:
	case MW_PTRACE_POKETEXT:
	case MW_PTRACE_POKEDATA:
	case MW_PTRACE_POKEUSR:
	case MW_PTRACE_GETREGS:
	case MW_PTRACE_SETREGS:
	case MW_PTRACE_SETFPREGS:
	case MW_PTRACE_ATTACH:
	case MW_PTRACE_GETREGSET:
	case MW_PTRACE_SETREGSET:
	case MW_PTRACE_SEIZE:
		return true;
	default:
		return false;
	}
}

static __always_inline void remember_traceme(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	__u32 tid = BPF_CORE_READ(task, pid);

	bpf_map_update_elem(&traceme, &tid, &start_ns, BPF_ANY);
}

/* Whether the target asked its parent to trace it, and the actor is that parent. */
static __always_inline bool asked_to_be_traced(struct mw_event *event)
{
	__u64 *start_ns = bpf_map_lookup_elem(&traceme, &event->target.tid);

	return start_ns && *start_ns == event->target.start_time_ns &&
	       event->target.ppid == event->actor.tgid;
}

/* Start of the first remote area of process_vm_*: struct iovec, of the caller's word size. */
static __always_inline __u64 first_remote_address(struct pt_regs *regs, bool compat)
{
	const void *iovec = (const void *)syscall_argument(regs, 3, compat);
	__u64 base = 0;

	bpf_probe_read_user(&base, compat ? sizeof(__u32) : sizeof(__u64), iovec);
	return base;
}

static __always_inline void on_access_call(enum mw_access_call call, struct pt_regs *regs, long result)
{
	bool ptrace = call == MW_ACCESS_PTRACE, compat = in_compat_syscall();
	__u32 request = ptrace ? syscall_argument(regs, 0, compat) : 0;
	__u32 number = syscall_argument(regs, ptrace ? 1 : 0, compat);
	struct task_struct *target = NULL;
	struct mw_scratch *s;
	struct pid *pid;

	if (ptrace && request == MW_PTRACE_TRACEME && result == 0)
		remember_traceme();
	if (ptrace && !is_recorded_request(request))
		return;
	s = begin(ptrace ? MW_PTRACE : MW_PROCESS_VM, ptrace ? MW_METHOD_PTRACE
						      : call == MW_ACCESS_VM_READV
							  ? MW_METHOD_PROCESS_VM_READV
							  : MW_METHOD_PROCESS_VM_WRITEV);
	if (!s)
		return;
	s->event.flags = request;
	s->event.named_pid = number;
	s->event.result = result;
	s->event.address = ptrace ? syscall_argument(regs, 2, compat) : first_remote_address(regs, compat);
	if (!ptrace && result > 0)
		s->event.size_bytes = result;
	if (compat)
		s->event.traits |= MW_TRAIT_COMPAT;
	pid = pid_of_number(current_pid_namespace(), number);
	if (pid)
		target = task_of_pid(pid);
	describe_actor();
	describe_target((__u64)target);
	if (target && asked_to_be_traced(&s->event))
		s->event.traits |= MW_TRAIT_TRACEME_CHILD;
	finish(s);
}

#endif
