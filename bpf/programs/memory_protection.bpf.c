/* SPDX-License-Identifier: GPL-2.0-only */
/* Capability memory_protection. Part of memwarden.bpf.c. */
#include "../lib/memory_protection.bpf.h"

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
	enum mw_protect_call call = callers_choice(protect_calls(syscall_number(regs)), &compat);

	/* other callers of vm_mmap_pgoff (shmat, the ELF loader) have other arguments in these registers */
	if (call == MW_PROTECT_MMAP)
		on_mmap(NULL, syscall_argument(regs, 1, compat), syscall_argument(regs, 2, compat), result);
	return 0;
}

/* memory_protection, the last hook of the ladder: the areas are looked up before the call changes them. */
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

static __noinline int on_protect_call(struct pt_regs *regs, __u32 calls)
{
	struct mw_area_search search = {};
	bool compat = false;
	__u64 at, end;
	int i;

	if (callers_choice(calls, &compat) != MW_PROTECT_MPROTECT)
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

SEC("tp_btf/sys_enter")
int BPF_PROG(tracepoint_protect_enter, struct pt_regs *regs, long number)
{
	__u32 calls = protect_calls(traced_syscall_number(regs));

	if (calls)
		on_protect_call(regs, calls);
	return 0;
}

static __noinline int on_protect_call_result(struct pt_regs *regs, long result, __u32 calls)
{
	bool compat = false;

	switch (callers_choice(calls, &compat)) {
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

SEC("tp_btf/sys_exit")
int BPF_PROG(tracepoint_protect_exit, struct pt_regs *regs, long result)
{
	__u32 calls = protect_calls(traced_syscall_number(regs));

	if (calls)
		on_protect_call_result(regs, result, calls);
	return 0;
}
