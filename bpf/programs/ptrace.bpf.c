/* SPDX-License-Identifier: GPL-2.0-only */
/* Capability ptrace. Part of memwarden.bpf.c. */
#include "../lib/ptrace.bpf.h"

/*
 * ptrace: the entry functions of the calls. Their names depend on the architecture
 * (arch/<arch>/include/asm/syscall_wrapper.h). 32-bit callers have their own entry functions, except on arm64
 * for process_vm_*, where the native ones serve both.
 */
#if defined(__TARGET_ARCH_x86)
#define MW_NATIVE(call)	       "__x64_sys_" call
#define MW_COMPAT(call)	       "__ia32_compat_sys_" call
#define MW_COMPAT_SHARED(call) "__ia32_sys_" call
#elif defined(__TARGET_ARCH_arm64)
#define MW_NATIVE(call) "__arm64_sys_" call
#define MW_COMPAT(call) "__arm64_compat_sys_" call
#endif

#define MW_ACCESS_PROGRAMS(name, function, call)                                                             \
	SEC("fexit/" function)                                                                               \
	int BPF_PROG(fexit_##name, struct pt_regs *regs, long result)                                        \
	{                                                                                                    \
		on_access_call(call, regs, result);                                                          \
		return 0;                                                                                    \
	}                                                                                                    \
                                                                                                             \
	SEC("kretprobe/" function)                                                                           \
	int BPF_KRETPROBE(kretprobe_##name, long result)                                                     \
	{                                                                                                    \
		on_access_call(call, user_registers(), result);                                              \
		return 0;                                                                                    \
	}

MW_ACCESS_PROGRAMS(ptrace, MW_NATIVE("ptrace"), MW_ACCESS_PTRACE)
MW_ACCESS_PROGRAMS(process_vm_readv, MW_NATIVE("process_vm_readv"), MW_ACCESS_VM_READV)
MW_ACCESS_PROGRAMS(process_vm_writev, MW_NATIVE("process_vm_writev"), MW_ACCESS_VM_WRITEV)
MW_ACCESS_PROGRAMS(ptrace_compat, MW_COMPAT("ptrace"), MW_ACCESS_PTRACE)
#if defined(__TARGET_ARCH_x86)
MW_ACCESS_PROGRAMS(process_vm_readv_compat, MW_COMPAT_SHARED("process_vm_readv"), MW_ACCESS_VM_READV)
MW_ACCESS_PROGRAMS(process_vm_writev_compat, MW_COMPAT_SHARED("process_vm_writev"), MW_ACCESS_VM_WRITEV)
#endif

static __noinline int on_traced_access_call(struct pt_regs *regs, long result, __u32 calls)
{
	bool compat = false;
	enum mw_access_call call = callers_choice(calls, &compat);

	if (call == MW_ACCESS_PTRACE || call == MW_ACCESS_VM_READV || call == MW_ACCESS_VM_WRITEV)
		on_access_call(call, regs, result);
	return 0;
}

/* ptrace, the last hook of the ladder. */
SEC("tp_btf/sys_exit")
int BPF_PROG(tracepoint_access_exit, struct pt_regs *regs, long result)
{
	__u32 calls = access_calls(traced_syscall_number(regs));

	if (calls)
		on_traced_access_call(regs, result, calls);
	return 0;
}
