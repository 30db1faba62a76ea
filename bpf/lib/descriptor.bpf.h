/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptors of /proc/<pid>/mem after the open: passed to another process (pidfd_getfd, SCM_RIGHTS, execve),
 * and the bytes moved through them. The map `openers` records who opened a file, by the address of its struct
 * file.
 */
#ifndef MEMWARDEN_DESCRIPTOR_BPF_H
#define MEMWARDEN_DESCRIPTOR_BPF_H

#include "file_open.bpf.h"
#include "syscall.bpf.h"

/* Bytes are reported at close, and at least this often while they move. */
#define MW_TRANSFER_INTERVAL_NS 5000000000ULL
/* Descriptors examined when a program starts, and in one control message; `doctor` prints these limits. */
#define MW_INHERITED_FDS_MAX 128
#define MW_PASSED_FDS_MAX    16

static __always_inline bool opened_by(struct file *file, __u32 tgid)
{
	__u64 key = (__u64)file;
	struct mw_opener *opener = bpf_map_lookup_elem(&openers, &key);

	return opener && opener->tgid == tgid;
}

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* The struct pid whose memory the file is, or NULL when it is any other file. */
static __always_inline struct pid *memory_of(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (BPF_CORE_READ(inode, i_sb, s_magic) != MW_PROC_SUPER_MAGIC ||
	    BPF_CORE_READ(file, f_mode) & MW_FMODE_PATH)
		return NULL;
	return procfs_memory(BPF_CORE_READ(file, f_path.dentry), inode);
}

/* Reports that the current task has a descriptor that it did not open, or how many bytes it moved. A global
 * function: see text.bpf.h. */
__noinline int report_descriptor(__u64 file_address, __u32 kind, __u32 method, __u32 descriptor)
{
	struct file *file = (void *)file_address;
	struct pid *pid = memory_of(file);
	struct mw_transfer_key key = {.file = file_address, .tgid = current_tgid(), .method = method};
	struct mw_transfer *transfer;
	struct mw_scratch *s;

	if (!pid)
		return 0;
	s = describe_open(file, BPF_CORE_READ(file, f_inode), kind, pid);
	if (!s)
		return 0;
	s->event.method = method;
	s->event.descriptor = descriptor;
	transfer = bpf_map_lookup_elem(&transfers, &key);
	if (transfer) {
		s->event.size_bytes = transfer->bytes;
		s->event.address = transfer->address;
		s->event.repeat_count = transfer->calls;
		s->event.repeat_first_ns = transfer->first_ns;
		if (!transfer->bytes)
			s->event.result = transfer->last_error;
	}
	finish(s);
	return 0;
}

/* The memory of the receiver itself is reported whoever opened it: that is the canary of the hook, and user
 * space drops it otherwise. */
static __always_inline void on_received(struct file *file, enum mw_method method, __u32 descriptor)
{
	struct pid *pid = memory_of(file);
	struct task_struct *owner;

	if (!pid)
		return;
	owner = task_of_pid(pid);
	if (opened_by(file, current_tgid()) && !(owner && BPF_CORE_READ(owner, tgid) == current_tgid()))
		return;
	report_descriptor((__u64)file, MW_FD_TRANSFER, method, descriptor);
}

/* security_file_receive serves pidfd_getfd and SCM_RIGHTS; the system call distinguishes them. */
static __always_inline void on_file_receive(struct file *file)
{
	bool compat = false;

	if (!memory_of(file))
		return;
	if (callers_choice(access_calls(syscall_number(user_registers())), &compat) == MW_ACCESS_GETFD)
		on_received(file, MW_METHOD_PIDFD_GETFD, -1);
	else
		on_received(file, MW_METHOD_SCM_RIGHTS, -1);
}

/* struct user_msghdr and struct cmsghdr of a 64-bit caller: offsets within each. */
#define MW_MSG_CONTROL	     32
#define MW_MSG_CONTROLLEN    40
#define MW_CMSG_HEADER_BYTES 16
#define MW_SOL_SOCKET	     1
#define MW_SCM_RIGHTS	     1

/* recvmsg(2) has returned: examine the descriptors of the first control message. */
static __always_inline void on_message_received(struct pt_regs *regs)
{
	const void *message = (const void *)syscall_argument(regs, 1, false);
	struct {
		__u64 length;
		__u32 level;
		__u32 type;
	} header = {};
	__u64 control = 0, length = 0;
	__u32 fd, i;

	bpf_probe_read_user(&control, sizeof(control), message + MW_MSG_CONTROL);
	bpf_probe_read_user(&length, sizeof(length), message + MW_MSG_CONTROLLEN);
	if (!control || length < MW_CMSG_HEADER_BYTES)
		return;
	bpf_probe_read_user(&header, sizeof(header), (void *)control);
	if (header.level != MW_SOL_SOCKET || header.type != MW_SCM_RIGHTS)
		return;
	for (i = 0; i < MW_PASSED_FDS_MAX; i++) {
		struct file *file;

		if (MW_CMSG_HEADER_BYTES + (i + 1) * sizeof(fd) > header.length)
			return;
		if (bpf_probe_read_user(&fd, sizeof(fd),
					(void *)control + MW_CMSG_HEADER_BYTES + i * sizeof(fd)))
			return;
		file = file_of_descriptor(fd);
		if (file)
			on_received(file, MW_METHOD_SCM_RIGHTS, fd);
	}
}

/* One descriptor of a program that has started. A global function: see text.bpf.h. */
__noinline int check_inherited(__u32 descriptor)
{
	struct file *file = file_of_descriptor(descriptor);

	if (file)
		on_received(file, MW_METHOD_INHERITED, descriptor);
	return 0;
}

/* A program has started; descriptors marked close-on-exec are closed by now (begin_new_exec). */
static __always_inline void on_exec(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	__u32 end = BPF_CORE_READ(table, max_fds), zero = 0, fd, i;
	struct file **files = BPF_CORE_READ(table, fd), *file;
	struct mw_inherited *found = bpf_map_lookup_elem(&inherited, &zero);

	if (!found)
		return;
	found->count = 0;
	for (fd = 0; fd < MW_INHERITED_FDS_MAX && fd < end; fd++) {
		file = NULL;
		bpf_probe_read_kernel(&file, sizeof(file), files + fd);
		if (!file || BPF_CORE_READ(file, f_inode, i_sb, s_magic) != MW_PROC_SUPER_MAGIC)
			continue;
		found->descriptors[found->count & (MW_INHERITED_MAX - 1)] = fd;
		found->count++;
	}
	for (i = 0; i < MW_INHERITED_MAX && i < found->count; i++)
		check_inherited(found->descriptors[i]);
}

/*
 * mem_read or mem_write has returned: counts the bytes. The first use by a process that did not open the file
 * is reported at once, all else at close and every MW_TRANSFER_INTERVAL_NS. `position` has advanced by the
 * bytes moved.
 */
static __always_inline void on_transfer(struct file *file, enum mw_method method, const __s64 *position,
					long result)
{
	__s64 address = 0;
	struct mw_transfer_key key = {.file = (__u64)file, .tgid = current_tgid(), .method = method};
	struct mw_transfer fresh = {.first_ns = bpf_ktime_get_boot_ns()}, *transfer;
	bool stranger = !opened_by(file, key.tgid), first = false;

	if (!is_active())
		return;
	bpf_probe_read_kernel(&address, sizeof(address), position);
	fresh.address = result > 0 ? address - result : address;
	transfer = bpf_map_lookup_elem(&transfers, &key);
	if (!transfer) {
		first = true;
		bpf_map_update_elem(&transfers, &key, &fresh, BPF_ANY);
		transfer = bpf_map_lookup_elem(&transfers, &key);
		if (!transfer)
			return;
	}
	__sync_fetch_and_add(&transfer->calls, 1);
	if (result > 0)
		__sync_fetch_and_add(&transfer->bytes, result);
	else
		transfer->last_error = result;
	if (!(stranger && first) && fresh.first_ns - transfer->first_ns < MW_TRANSFER_INTERVAL_NS)
		return;
	report_descriptor((__u64)file, stranger ? MW_FD_TRANSFER : MW_MEM_IO, method, -1);
	bpf_map_update_elem(&transfers, &key, &fresh, BPF_ANY);
}

/* A kretprobe does not get the arguments, so they are saved at the entry. */
static __always_inline void begin_transfer(struct file *file, const __s64 *position)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct mw_transfer_call call = {.file = (__u64)file, .position = (__u64)position};

	bpf_map_update_elem(&transfer_calls, &task, &call, BPF_ANY);
}

static __always_inline void end_transfer(enum mw_method method, long result)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct mw_transfer_call *call = bpf_map_lookup_elem(&transfer_calls, &task);

	if (!call || !is_active())
		return;
	on_transfer((struct file *)call->file, method, (const __s64 *)call->position, result);
	bpf_map_delete_elem(&transfer_calls, &task);
}

static __always_inline void report_rest(struct file *file, enum mw_method method)
{
	struct mw_transfer_key key = {.file = (__u64)file, .tgid = current_tgid(), .method = method};
	struct mw_transfer *transfer = bpf_map_lookup_elem(&transfers, &key);

	if (!transfer)
		return;
	if (transfer->calls)
		report_descriptor((__u64)file, opened_by(file, key.tgid) ? MW_MEM_IO : MW_FD_TRANSFER, method,
				  -1);
	bpf_map_delete_elem(&transfers, &key);
}

/* mem_release: the last descriptor of the open file is closed. */
static __always_inline void on_release(struct file *file)
{
	__u64 key = (__u64)file;

	if (!is_active())
		return;
	report_rest(file, MW_METHOD_FD_READ);
	report_rest(file, MW_METHOD_FD_WRITE);
	bpf_map_delete_elem(&openers, &key);
}

#endif
