/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that becomes executable: mmap(2) with write and exec together, and mprotect(2) that adds exec. The
 * rules are in user space (src/detect/acts/memory-protection.ts); here only events that match none of them
 * are dropped.
 */
#ifndef MEMWARDEN_MEMORY_PROTECTION_BPF_H
#define MEMWARDEN_MEMORY_PROTECTION_BPF_H

#include "emit.bpf.h"
#include "syscall.bpf.h"

/* include/uapi/asm-generic/mman-common.h; VM_READ, VM_WRITE and VM_EXEC of include/linux/mm.h are the same
 * bits */
#define MW_PROT_READ  1
#define MW_PROT_WRITE 2
#define MW_PROT_EXEC  4
#define MW_PROT_MASK  7

/* The event of one area, without its result. */
static __always_inline struct mw_scratch *describe_area(enum mw_method method, struct file *file,
							__u64 address, __u64 size_bytes, __u32 previous,
							__u32 requested)
{
	struct mw_scratch *s = begin(MW_MEM_PROTECT, method);
	struct inode *inode;

	if (!s)
		return NULL;
	s->event.address = address;
	s->event.size_bytes = size_bytes;
	s->event.previous_protection = previous;
	s->event.protection = requested;
	if (file) {
		inode = BPF_CORE_READ(file, f_inode);
		s->event.inode = BPF_CORE_READ(inode, i_ino);
		s->event.device = BPF_CORE_READ(inode, i_sb, s_dev);
		append_path((__u64)BPF_CORE_READ(file, f_path.mnt), (__u64)BPF_CORE_READ(file, f_path.dentry),
			    MW_STRING_PATH);
	}
	describe_actor();
	return s;
}

/* vm_mmap_pgoff has returned: the address on success. */
static __always_inline void on_mmap(struct file *file, __u64 size_bytes, __u32 requested, long result)
{
	struct mw_scratch *s;

	if ((requested & (MW_PROT_WRITE | MW_PROT_EXEC)) != (MW_PROT_WRITE | MW_PROT_EXEC))
		return;
	s = describe_area(MW_METHOD_MMAP, file, is_error(result) ? 0 : result, size_bytes, 0,
			  requested & MW_PROT_MASK);
	if (!s)
		return;
	s->event.result = is_error(result) ? result : 0;
	finish(s);
}

/* The event of an area of the same call that waits for its result. Opens wait in the same scratch entry, but
 * never at the same time. */
static __always_inline struct mw_scratch *waiting_area(void)
{
	struct mw_scratch *s = current_scratch();

	return s && s->event.kind == MW_MEM_PROTECT ? s : NULL;
}

/*
 * security_file_mprotect: called for each area that the call touches, before its change. When it is called
 * for the next area, the one before has been changed successfully; the result of the last one is that of the
 * call. At a tracepoint all areas are looked up before the first one is changed, so the result of all but the
 * last is unknown.
 */
static __always_inline void on_mprotect(struct vm_area_struct *vma, __u32 requested)
{
	__u32 previous = BPF_CORE_READ(vma, vm_flags) & MW_PROT_MASK;
	struct mw_scratch *waiting = waiting_area();
	__u64 start, end, asked_start, asked_end;
	struct pt_regs *regs;
	bool compat;

	if (!is_active())
		return;
	if (waiting) {
		if (knobs.hook == MW_HOOK_TRACEPOINT)
			waiting->event.traits |= MW_TRAIT_RESULT_UNKNOWN;
		finish(waiting);
	}
	if (!(requested & MW_PROT_EXEC) || previous == (requested & MW_PROT_MASK))
		return;
	start = BPF_CORE_READ(vma, vm_start);
	end = BPF_CORE_READ(vma, vm_end);
	/* the area is split only after this hook, so it is cut here to the range of mprotect(addr, len, …) */
	regs = user_registers();
	compat = in_compat_syscall();
	asked_start = syscall_argument(regs, 0, compat);
	asked_end = asked_start + ((syscall_argument(regs, 1, compat) + 4095) & ~4095ULL);
	if (asked_start > start && asked_start < end)
		start = asked_start;
	if (asked_end > start && asked_end < end)
		end = asked_end;
	describe_area(MW_METHOD_MPROTECT, BPF_CORE_READ(vma, vm_file), start, end - start, previous,
		      requested & MW_PROT_MASK);
}

/* mprotect(2) has returned. */
static __always_inline void on_mprotect_result(long result)
{
	struct mw_scratch *s = waiting_area();

	if (!s || !is_active())
		return;
	s->event.result = result;
	finish(s);
}

#endif
