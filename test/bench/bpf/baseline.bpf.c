/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Baselines for memwarden's programs, per hook: an empty program, the least that a hook can cost, and one that
 * sends every open with its path to user space, as sensors do that filter there.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define COMPONENTS_MAX 8
#define NAME_BYTES     64

struct opened {
	__u64 time_ns;
	__u32 tgid;
	__u32 tid;
	__u32 uid;
	__u32 flags;
	char comm[16];
	char path[COMPONENTS_MAX][NAME_BYTES]; /* leaf first */
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring SEC(".maps");

static __always_inline void ship(struct file *file)
{
	struct opened *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct task_struct *task = (void *)bpf_get_current_task();
	int i;

	if (!record)
		return;
	record->time_ns = bpf_ktime_get_boot_ns();
	record->tgid = BPF_CORE_READ(task, tgid);
	record->tid = BPF_CORE_READ(task, pid);
	record->uid = BPF_CORE_READ(task, cred, uid.val);
	record->flags = BPF_CORE_READ(file, f_flags);
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	for (i = 0; i < COMPONENTS_MAX; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		bpf_probe_read_kernel_str(record->path[i], NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
		if (parent == dentry)
			break;
		dentry = parent;
	}
	bpf_ringbuf_submit(record, 0);
}

SEC("lsm/file_open")
int BPF_PROG(empty_lsm, struct file *file)
{
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(ship_lsm, struct file *file)
{
	ship(file);
	return 0;
}

SEC("fentry/security_file_open")
int BPF_PROG(empty_fentry, struct file *file)
{
	return 0;
}

SEC("fentry/security_file_open")
int BPF_PROG(ship_fentry, struct file *file)
{
	ship(file);
	return 0;
}

SEC("kprobe/security_file_open")
int BPF_KPROBE(empty_kprobe, struct file *file)
{
	return 0;
}

SEC("kprobe/security_file_open")
int BPF_KPROBE(ship_kprobe, struct file *file)
{
	ship(file);
	return 0;
}

/* The outcome of an open is seen by a second program; its floor. */
SEC("fexit/do_filp_open")
int BPF_PROG(empty_fexit)
{
	return 0;
}

SEC("kretprobe/do_filp_open")
int BPF_KRETPROBE(empty_kretprobe)
{
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(empty_tracepoint, struct pt_regs *regs, long result)
{
	return 0;
}

/* asm/unistd_64.h of x86-64; the benchmark runs there. */
#define OPEN   2
#define OPENAT 257

SEC("tp_btf/sys_exit")
int BPF_PROG(ship_tracepoint, struct pt_regs *regs, long result)
{
	long call = BPF_CORE_READ(regs, orig_ax);
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file *file = NULL;

	if ((call != OPEN && call != OPENAT) || result < 0)
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(task, files, fdt, fd) + result);
	if (file)
		ship(file);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
