/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The system-call numbers. One row per number: the call for a native caller, and the one for a 32-bit caller.
 * OPEN, ACCESS and PROTECT are macros, one for each group of calls that a group of programs looks up. x86:
 * arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl. arm64: include/uapi/asm-generic/unistd.h and
 * arch/arm64/tools/syscall_32.tbl.
 */
#ifndef MEMWARDEN_SYSCALL_TABLE_BPF_H
#define MEMWARDEN_SYSCALL_TABLE_BPF_H

/* clang-format off */
#if defined(__TARGET_ARCH_x86)
#define MW_SYSCALLS(OPEN, ACCESS, PROTECT)      \
	OPEN(2, MW_CALL_OPEN, 0)                    \
	OPEN(5, 0, MW_CALL_OPEN)                    \
	OPEN(8, 0, MW_CALL_CREAT)                   \
	OPEN(85, MW_CALL_CREAT, 0)                  \
	OPEN(257, MW_CALL_OPENAT, 0)                \
	OPEN(295, 0, MW_CALL_OPENAT)                \
	OPEN(304, MW_CALL_BY_HANDLE, 0)             \
	OPEN(342, 0, MW_CALL_BY_HANDLE)             \
	OPEN(437, MW_CALL_OPENAT2, MW_CALL_OPENAT2) \
	ACCESS(26, 0, MW_ACCESS_PTRACE)             \
	ACCESS(47, MW_ACCESS_RECVMSG, 0)            \
	ACCESS(101, MW_ACCESS_PTRACE, 0)            \
	ACCESS(310, MW_ACCESS_VM_READV, 0)          \
	ACCESS(311, MW_ACCESS_VM_WRITEV, 0)         \
	ACCESS(347, 0, MW_ACCESS_VM_READV)          \
	ACCESS(348, 0, MW_ACCESS_VM_WRITEV)         \
	ACCESS(438, MW_ACCESS_GETFD, MW_ACCESS_GETFD) \
	PROTECT(9, MW_PROTECT_MMAP, 0)              \
	PROTECT(10, MW_PROTECT_MPROTECT, 0)         \
	PROTECT(125, 0, MW_PROTECT_MPROTECT)        \
	PROTECT(192, 0, MW_PROTECT_MMAP)            \
	PROTECT(329, MW_PROTECT_MPROTECT, 0) /* pkey_mprotect */ \
	PROTECT(380, 0, MW_PROTECT_MPROTECT)
#elif defined(__TARGET_ARCH_arm64)
#define MW_SYSCALLS(OPEN, ACCESS, PROTECT)      \
	OPEN(5, 0, MW_CALL_OPEN)                    \
	OPEN(8, 0, MW_CALL_CREAT)                   \
	OPEN(56, MW_CALL_OPENAT, 0)                 \
	OPEN(265, MW_CALL_BY_HANDLE, 0)             \
	OPEN(322, 0, MW_CALL_OPENAT)                \
	OPEN(371, 0, MW_CALL_BY_HANDLE)             \
	OPEN(437, MW_CALL_OPENAT2, MW_CALL_OPENAT2) \
	ACCESS(26, 0, MW_ACCESS_PTRACE)             \
	ACCESS(117, MW_ACCESS_PTRACE, 0)            \
	ACCESS(212, MW_ACCESS_RECVMSG, 0)           \
	ACCESS(270, MW_ACCESS_VM_READV, 0)          \
	ACCESS(271, MW_ACCESS_VM_WRITEV, 0)         \
	ACCESS(376, 0, MW_ACCESS_VM_READV)          \
	ACCESS(377, 0, MW_ACCESS_VM_WRITEV)         \
	ACCESS(438, MW_ACCESS_GETFD, MW_ACCESS_GETFD) \
	PROTECT(125, 0, MW_PROTECT_MPROTECT)        \
	PROTECT(192, 0, MW_PROTECT_MMAP)            \
	PROTECT(222, MW_PROTECT_MMAP, 0)            \
	PROTECT(226, MW_PROTECT_MPROTECT, 0)        \
	PROTECT(288, MW_PROTECT_MPROTECT, 0) /* pkey_mprotect */ \
	PROTECT(394, 0, MW_PROTECT_MPROTECT)
#endif
/* clang-format on */

/* Expands a row to a case in the switch of its group, and to nothing in those of the others. */
#define MW_CASE(number, native, foreign)                                                                     \
	case number:                                                                                         \
		return native | foreign << MW_FOREIGN_SHIFT;
#define MW_NO_CASE(number, native, foreign)

/*
 * Look up a number among the calls of a group, for native and 32-bit callers (MW_FOREIGN_SHIFT); 0 when it is
 * none of them. Switches, because the compiler turns them into binary searches: with the tracepoint hook
 * every system call of the machine is looked up.
 */
static __always_inline __u32 open_calls(__u32 number)
{
	switch (number) {
		MW_SYSCALLS(MW_CASE, MW_NO_CASE, MW_NO_CASE)
	default:
		return 0;
	}
}

static __always_inline __u32 access_calls(__u32 number)
{
	switch (number) {
		MW_SYSCALLS(MW_NO_CASE, MW_CASE, MW_NO_CASE)
	default:
		return 0;
	}
}

static __always_inline __u32 protect_calls(__u32 number)
{
	switch (number) {
		MW_SYSCALLS(MW_NO_CASE, MW_NO_CASE, MW_CASE)
	default:
		return 0;
	}
}

#endif
