/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of system calls on arm64, 64-bit and 32-bit. */
#ifndef MEMWARDEN_SYSCALL_ARM64_BPF_H
#define MEMWARDEN_SYSCALL_ARM64_BPF_H

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

/* The same by a plain load, for a program of type tp_btf: the verifier knows the type of its regs. */
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

#endif
