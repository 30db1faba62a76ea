/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels, each with its commit. Presence is probed, never derived from a version. */
#ifndef MEMWARDEN_COMPAT_BPF_H
#define MEMWARDEN_COMPAT_BPF_H

#include "kernel.bpf.h"

/* Magic of every procfs superblock, include/uapi/linux/magic.h. */
#define MW_PROC_SUPER_MAGIC 0x9fa0

/* include/linux/err.h MAX_ERRNO */
#define MW_ERRNO_MAX 4095

/* include/linux/sched.h */
#define MW_PF_IO_WORKER 0x00000010
/* include/linux/fs.h; the bit kept its value since 3.6 */
#define MW_FMODE_PATH 0x4000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent", 6.15) renamed the field. */
struct kernfs_node___rcu {
	struct kernfs_node *__parent;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

/* 13bc24457850 ("fs: rename i_ctime field to __i_ctime", 6.6), then 3aa63a569c64 ("fs: switch timespec64
 * fields in inode to discrete integers", 6.11). */
struct inode___before_6_6 {
	struct timespec64 i_ctime;
};

struct inode___6_6 {
	struct timespec64 __i_ctime;
};

struct inode___6_11 {
	__s64 i_ctime_sec;
	__u32 i_ctime_nsec;
};

enum cgroup_subsys_id___any {
	memory_cgrp_id___any = 1,
	pids_cgrp_id___any = 2,
};

#pragma clang attribute pop

/*
 * A pointer without its type. 6.1 refuses to pass a pointer whose type it knows to a global function that
 * takes a number; a pointer that was read from memory has no type.
 */
static __always_inline void *untyped(const void *pointer)
{
	__u64 from = (__u64)pointer, to = 0;

	bpf_probe_read_kernel(&to, sizeof(to), &from);
	return (void *)to;
}

/* IS_ERR_VALUE() */
static __always_inline bool is_error(long result)
{
	return (unsigned long)result >= (unsigned long)-MW_ERRNO_MAX;
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___rcu *newer = (void *)node;

	if (bpf_core_field_exists(newer->__parent))
		return BPF_CORE_READ(newer, __parent);
	return BPF_CORE_READ(node, parent);
}

static __always_inline __u64 inode_ctime_ns(struct inode *inode)
{
	struct inode___6_11 *discrete = (void *)inode;
	struct inode___6_6 *renamed = (void *)inode;
	struct inode___before_6_6 *old = (void *)inode;

	if (bpf_core_field_exists(discrete->i_ctime_sec))
		return BPF_CORE_READ(discrete, i_ctime_sec) * 1000000000ULL +
		       BPF_CORE_READ(discrete, i_ctime_nsec);
	if (bpf_core_field_exists(renamed->__i_ctime))
		return BPF_CORE_READ(renamed, __i_ctime.tv_sec) * 1000000000ULL +
		       BPF_CORE_READ(renamed, __i_ctime.tv_nsec);
	return BPF_CORE_READ(old, i_ctime.tv_sec) * 1000000000ULL + BPF_CORE_READ(old, i_ctime.tv_nsec);
}

enum bpf_func_id___any {
	BPF_FUNC_task_pt_regs___any = 175,
};

/* Kernel stack of a task without KASAN; arch/{x86,arm64}/include/asm. */
#define MW_THREAD_SIZE 16384

/*
 * Registers with which the current task entered the kernel. dd6e10fbd9fb ("bpf: Add bpf_task_pt_regs()
 * helper", 5.15); before it they are at the top of the stack, which FRED (6.9) would have moved.
 */
static __always_inline struct pt_regs *user_registers(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (bpf_core_enum_value_exists(enum bpf_func_id___any, BPF_FUNC_task_pt_regs___any))
		return (void *)bpf_task_pt_regs((void *)bpf_get_current_task_btf());
	return BPF_CORE_READ(task, stack) + MW_THREAD_SIZE - bpf_core_type_size(struct pt_regs);
}

/* The audit login uid exists only with CONFIG_AUDIT; (uid_t)-1 is the kernel's own "never set". */
static __always_inline __u32 task_loginuid(struct task_struct *task)
{
	if (bpf_core_field_exists(task->loginuid))
		return BPF_CORE_READ(task, loginuid.val);
	return (__u32)-1;
}

#endif
