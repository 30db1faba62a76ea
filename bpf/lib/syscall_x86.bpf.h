/* SPDX-License-Identifier: GPL-2.0 */
/* System call numbers and registers of x86, 64-bit and 32-bit. */
#ifndef MEMWARDEN_SYSCALL_X86_H
#define MEMWARDEN_SYSCALL_X86_H

#define MW_TS_COMPAT 0x0002	/* arch/x86/include/asm/thread_info.h */
#define MW_X32_BIT   0x40000000 /* arch/x86/include/uapi/asm/unistd.h __X32_SYSCALL_BIT */

static __always_inline bool in_compat_syscall(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.status) & MW_TS_COMPAT;
}

static __always_inline __u32 syscall_number(struct pt_regs *regs)
{
	return (__u32)BPF_CORE_READ(regs, orig_ax) & ~MW_X32_BIT;
}

/* The same in a program whose context the verifier knows: a plain load. */
static __always_inline __u32 traced_syscall_number(struct pt_regs *regs)
{
	return (__u32)regs->orig_ax & ~MW_X32_BIT;
}

static __always_inline __u64 syscall_argument(struct pt_regs *regs, int index, bool compat)
{
	if (compat)
		return (__u32)(index == 0   ? BPF_CORE_READ(regs, bx)
			       : index == 1 ? BPF_CORE_READ(regs, cx)
			       : index == 2 ? BPF_CORE_READ(regs, dx)
					    : BPF_CORE_READ(regs, si));
	return index == 0   ? BPF_CORE_READ(regs, di)
	       : index == 1 ? BPF_CORE_READ(regs, si)
	       : index == 2 ? BPF_CORE_READ(regs, dx)
			    : BPF_CORE_READ(regs, r10);
}

/* Numbers: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl. */
static __always_inline __u32 open_calls(__u32 number)
{
	enum mw_open_call native = MW_CALL_OTHER, foreign = MW_CALL_OTHER;

	switch (number) {
	case 2:
		native = MW_CALL_OPEN;
		break;
	case 85:
		native = MW_CALL_CREAT;
		break;
	case 257:
		native = MW_CALL_OPENAT;
		break;
	case 304:
		native = MW_CALL_BY_HANDLE;
		break;
	case 5:
		foreign = MW_CALL_OPEN;
		break;
	case 8:
		foreign = MW_CALL_CREAT;
		break;
	case 295:
		foreign = MW_CALL_OPENAT;
		break;
	case 342:
		foreign = MW_CALL_BY_HANDLE;
		break;
	case 437:
		native = foreign = MW_CALL_OPENAT2;
		break;
	default:
		break;
	}
	return native | foreign << MW_FOREIGN_SHIFT;
}

static __always_inline __u32 access_calls(__u32 number)
{
	enum mw_access_call native = MW_ACCESS_OTHER, foreign = MW_ACCESS_OTHER;

	switch (number) {
	case 101:
		native = MW_ACCESS_PTRACE;
		break;
	case 310:
		native = MW_ACCESS_VM_READV;
		break;
	case 311:
		native = MW_ACCESS_VM_WRITEV;
		break;
	case 47:
		native = MW_ACCESS_RECVMSG;
		break;
	case 26:
		foreign = MW_ACCESS_PTRACE;
		break;
	case 347:
		foreign = MW_ACCESS_VM_READV;
		break;
	case 348:
		foreign = MW_ACCESS_VM_WRITEV;
		break;
	case 438:
		native = foreign = MW_ACCESS_GETFD;
		break;
	default:
		break;
	}
	return native | foreign << MW_FOREIGN_SHIFT;
}

static __always_inline __u32 protect_calls(__u32 number)
{
	enum mw_protect_call native = MW_PROTECT_OTHER, foreign = MW_PROTECT_OTHER;

	switch (number) {
	case 9:
		native = MW_PROTECT_MMAP;
		break;
	case 10:
	case 329:
		native = MW_PROTECT_MPROTECT;
		break;
	case 192:
		foreign = MW_PROTECT_MMAP;
		break;
	case 125:
	case 380:
		foreign = MW_PROTECT_MPROTECT;
		break;
	default:
		break;
	}
	return native | foreign << MW_FOREIGN_SHIFT;
}

#endif
