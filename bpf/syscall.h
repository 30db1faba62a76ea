/* SPDX-License-Identifier: GPL-2.0 */
/* What a system call was asked for, read from the saved user registers at its exit. */
#ifndef MEMWARDEN_SYSCALL_H
#define MEMWARDEN_SYSCALL_H

#include "compat.h"

/* System calls that reach into another process. */
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

/* System calls that return a file descriptor of a file they opened. */
enum mw_open_call {
	MW_CALL_OTHER = 0,
	MW_CALL_OPEN,	   /* open(path, flags, …) */
	MW_CALL_CREAT,	   /* creat(path, mode) */
	MW_CALL_OPENAT,	   /* openat(dfd, path, flags, …) */
	MW_CALL_OPENAT2,   /* openat2(dfd, path, how, size) */
	MW_CALL_BY_HANDLE, /* open_by_handle_at(mount_fd, handle, flags) */
};

#if defined(__TARGET_ARCH_x86)

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

/* Numbers: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl. */
static __always_inline enum mw_open_call open_call(__u32 number, bool *compat)
{
	enum mw_open_call native = MW_CALL_OTHER, foreign = MW_CALL_OTHER;

	switch (number) {
	case 2:
		native = MW_CALL_OPEN;
		break;
	case 85:
		native = MW_CALL_CREAT;
		break;
	case 257:
		native = MW_CALL_OPENAT;
		break;
	case 304:
		native = MW_CALL_BY_HANDLE;
		break;
	case 5:
		foreign = MW_CALL_OPEN;
		break;
	case 8:
		foreign = MW_CALL_CREAT;
		break;
	case 295:
		foreign = MW_CALL_OPENAT;
		break;
	case 342:
		foreign = MW_CALL_BY_HANDLE;
		break;
	case 437:
		native = foreign = MW_CALL_OPENAT2;
		break;
	default:
		return MW_CALL_OTHER;
	}
	*compat = in_compat_syscall();
	return *compat ? foreign : native;
}

static __always_inline enum mw_access_call access_call(__u32 number, bool *compat)
{
	enum mw_access_call native = MW_ACCESS_OTHER, foreign = MW_ACCESS_OTHER;

	switch (number) {
	case 101:
		native = MW_ACCESS_PTRACE;
		break;
	case 310:
		native = MW_ACCESS_VM_READV;
		break;
	case 311:
		native = MW_ACCESS_VM_WRITEV;
		break;
	case 47:
		native = MW_ACCESS_RECVMSG;
		break;
	case 26:
		foreign = MW_ACCESS_PTRACE;
		break;
	case 347:
		foreign = MW_ACCESS_VM_READV;
		break;
	case 348:
		foreign = MW_ACCESS_VM_WRITEV;
		break;
	case 438:
		native = foreign = MW_ACCESS_GETFD;
		break;
	default:
		return MW_ACCESS_OTHER;
	}
	*compat = in_compat_syscall();
	return *compat ? foreign : native;
}

static __always_inline enum mw_protect_call protect_call(__u32 number, bool *compat)
{
	enum mw_protect_call native = MW_PROTECT_OTHER, foreign = MW_PROTECT_OTHER;

	switch (number) {
	case 9:
		native = MW_PROTECT_MMAP;
		break;
	case 10:
	case 329:
		native = MW_PROTECT_MPROTECT;
		break;
	case 192:
		foreign = MW_PROTECT_MMAP;
		break;
	case 125:
	case 380:
		foreign = MW_PROTECT_MPROTECT;
		break;
	default:
		return MW_PROTECT_OTHER;
	}
	*compat = in_compat_syscall();
	return *compat ? foreign : native;
}

#elif defined(__TARGET_ARCH_arm64)

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

static __always_inline __u64 syscall_argument(struct pt_regs *regs, int index, bool compat)
{
	return index == 0   ? BPF_CORE_READ(regs, orig_x0)
	       : index == 1 ? BPF_CORE_READ(regs, regs[1])
	       : index == 2 ? BPF_CORE_READ(regs, regs[2])
			    : BPF_CORE_READ(regs, regs[3]);
}

/* Numbers: include/uapi/asm-generic/unistd.h and arch/arm64/tools/syscall_32.tbl. */
static __always_inline enum mw_open_call open_call(__u32 number, bool *compat)
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
		return MW_CALL_OTHER;
	}
	*compat = in_compat_syscall();
	return *compat ? foreign : native;
}

static __always_inline enum mw_access_call access_call(__u32 number, bool *compat)
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
		return MW_ACCESS_OTHER;
	}
	*compat = in_compat_syscall();
	return *compat ? foreign : native;
}

static __always_inline enum mw_protect_call protect_call(__u32 number, bool *compat)
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
		return MW_PROTECT_OTHER;
	}
	*compat = in_compat_syscall();
	return *compat ? foreign : native;
}

#endif

/* The path text and the O_* flags that the call was given; text is NULL where there is none. */
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

/* The descriptor from which a relative path starts, AT_FDCWD included; -1 where the call has none. */
static __always_inline int open_directory(struct pt_regs *regs, enum mw_open_call call, bool compat)
{
	if (call == MW_CALL_OPENAT || call == MW_CALL_OPENAT2)
		return syscall_argument(regs, 0, compat);
	return -1;
}

#endif
