/* SPDX-License-Identifier: GPL-2.0 */
/* System call numbers and registers of arm64, 64-bit and 32-bit. */
#ifndef MEMWARDEN_SYSCALL_ARM64_H
#define MEMWARDEN_SYSCALL_ARM64_H

#define MW_TIF_32BIT (1UL << 22) /* arch/arm64/include/asm/thread_info.h */

static __always_inline bool in_compat_syscall(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.flags) & MW_TIF_32BIT;
}

static __always_inline __u32 syscall_number(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, syscallno);
}

/* The same in a program whose context the verifier knows: a plain load. */
static __always_inline __u32 traced_syscall_number(struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline __u64 syscall_argument(struct pt_regs *regs, int index, bool compat)
{
	return index == 0   ? BPF_CORE_READ(regs, orig_x0)
	       : index == 1 ? BPF_CORE_READ(regs, regs[1])
	       : index == 2 ? BPF_CORE_READ(regs, regs[2])
			    : BPF_CORE_READ(regs, regs[3]);
}

/* Numbers: include/uapi/asm-generic/unistd.h and arch/arm64/tools/syscall_32.tbl. */
static __always_inline __u32 open_calls(__u32 number)
{
	enum mw_open_call native = MW_CALL_OTHER, foreign = MW_CALL_OTHER;

	switch (number) {
	case 56:
		native = MW_CALL_OPENAT;
		break;
	case 265:
		native = MW_CALL_BY_HANDLE;
		break;
	case 5:
		foreign = MW_CALL_OPEN;
		break;
	case 8:
		foreign = MW_CALL_CREAT;
		break;
	case 322:
		foreign = MW_CALL_OPENAT;
		break;
	case 371:
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
	case 117:
		native = MW_ACCESS_PTRACE;
		break;
	case 270:
		native = MW_ACCESS_VM_READV;
		break;
	case 271:
		native = MW_ACCESS_VM_WRITEV;
		break;
	case 212:
		native = MW_ACCESS_RECVMSG;
		break;
	case 26:
		foreign = MW_ACCESS_PTRACE;
		break;
	case 376:
		foreign = MW_ACCESS_VM_READV;
		break;
	case 377:
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
	case 222:
		native = MW_PROTECT_MMAP;
		break;
	case 226:
	case 288:
		native = MW_PROTECT_MPROTECT;
		break;
	case 192:
		foreign = MW_PROTECT_MMAP;
		break;
	case 125:
	case 394:
		foreign = MW_PROTECT_MPROTECT;
		break;
	default:
		break;
	}
	return native | foreign << MW_FOREIGN_SHIFT;
}

#endif
