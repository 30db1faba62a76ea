/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of system calls on x86, 64-bit and 32-bit. */
#ifndef MEMWARDEN_SYSCALL_X86_BPF_H
#define MEMWARDEN_SYSCALL_X86_BPF_H

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

/* The same by a plain load, for a program of type tp_btf: the verifier knows the type of its regs. */
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

#endif
