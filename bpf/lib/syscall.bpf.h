/* SPDX-License-Identifier: GPL-2.0-only */
/* Number and arguments of a system call, read from the saved user registers at its exit. */
#ifndef MEMWARDEN_SYSCALL_BPF_H
#define MEMWARDEN_SYSCALL_BPF_H

#include "compat.bpf.h"

/* System calls that access another process. */
enum mw_access_call {
	MW_ACCESS_OTHER = 0,
	MW_ACCESS_PTRACE,   /* ptrace(request, pid, addr, data) */
	MW_ACCESS_VM_READV, /* process_vm_readv(pid, local, n, remote, n, flags) */
	MW_ACCESS_VM_WRITEV,
	MW_ACCESS_GETFD,   /* pidfd_getfd(pidfd, fd, flags) */
	MW_ACCESS_RECVMSG, /* recvmsg(socket, message, flags) */
};

/* System calls that change what memory may be executed. */
enum mw_protect_call {
	MW_PROTECT_OTHER = 0,
	MW_PROTECT_MMAP,     /* mmap(addr, length, prot, …) */
	MW_PROTECT_MPROTECT, /* mprotect(addr, length, prot), pkey_mprotect(…) */
};

/* System calls that open a file and return its descriptor. */
enum mw_open_call {
	MW_CALL_OTHER = 0,
	MW_CALL_OPEN,	   /* open(path, flags, …) */
	MW_CALL_CREAT,	   /* creat(path, mode) */
	MW_CALL_OPENAT,	   /* openat(dfd, path, flags, …) */
	MW_CALL_OPENAT2,   /* openat2(dfd, path, how, size) */
	MW_CALL_BY_HANDLE, /* open_by_handle_at(mount_fd, handle, flags) */
};

/*
 * A number means one call to a native caller and another to a 32-bit one. A look-up returns both, before the
 * (more expensive) check of the caller: the native enum in the low bits, that of a 32-bit caller this many
 * bits higher. For most system calls of a machine it is 0, and nothing more is done.
 */
#define MW_FOREIGN_SHIFT 8

#if defined(__TARGET_ARCH_x86)
#include "syscall_x86.bpf.h"
#elif defined(__TARGET_ARCH_arm64)
#include "syscall_arm64.bpf.h"
#endif
#include "syscall_table.bpf.h"

/* The call for the current task; `calls` is the result of open_calls(), access_calls() or protect_calls(). */
static __always_inline __u32 callers_choice(__u32 calls, bool *compat)
{
	*compat = in_compat_syscall();
	return *compat ? calls >> MW_FOREIGN_SHIFT : calls & ((1 << MW_FOREIGN_SHIFT) - 1);
}

/* The path text and the O_* flags of a call; the text is NULL where it has none. */
static __always_inline const void *open_arguments(struct pt_regs *regs, enum mw_open_call call, bool compat,
						  __u32 *flags)
{
	__u64 how_flags = 0;

	switch (call) {
	case MW_CALL_OPEN:
		*flags = syscall_argument(regs, 1, compat);
		return (const void *)syscall_argument(regs, 0, compat);
	case MW_CALL_CREAT:
		*flags = 01101; /* O_CREAT|O_WRONLY|O_TRUNC, fs/open.c SYSCALL_DEFINE2(creat) */
		return (const void *)syscall_argument(regs, 0, compat);
	case MW_CALL_OPENAT:
		*flags = syscall_argument(regs, 2, compat);
		return (const void *)syscall_argument(regs, 1, compat);
	case MW_CALL_OPENAT2:
		bpf_probe_read_user(&how_flags, sizeof(how_flags), (void *)syscall_argument(regs, 2, compat));
		*flags = how_flags;
		return (const void *)syscall_argument(regs, 1, compat);
	default:
		*flags = syscall_argument(regs, 2, compat);
		return NULL;
	}
}

/* The descriptor to which a relative path is relative, or AT_FDCWD; -1 where the call has none. */
static __always_inline int open_directory(struct pt_regs *regs, enum mw_open_call call, bool compat)
{
	if (call == MW_CALL_OPENAT || call == MW_CALL_OPENAT2)
		return syscall_argument(regs, 0, compat);
	return -1;
}

#endif
