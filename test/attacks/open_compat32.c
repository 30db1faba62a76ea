/* SPDX-License-Identifier: Apache-2.0 */
/* Opens /proc/<pid>/mem by the 32-bit system call table: int $0x80, as a 32-bit program would. */
#include "attack.h"
#include <setjmp.h>
#include <sys/mman.h>

#ifdef __x86_64__
#define COMPAT_OPEN 5 /* arch/x86/entry/syscalls/syscall_32.tbl */

static sigjmp_buf refused;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(refused, 1);
}

static int open32(const char *low_path, int flags)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"((long)COMPAT_OPEN), "b"(low_path), "c"((long)flags), "d"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	if ((int)result < 0) {
		errno = -(int)result;
		return -1;
	}
	return result;
}

int main(void)
{
	struct victim victim;
	struct act act;
	char *path;
	int fd;

	attack_begin("open_compat32");
	signal(SIGSEGV, on_fault);
	/* a 32-bit pointer must reach it */
	path = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (path == MAP_FAILED)
		attack_die("map memory below 4 GiB");
	victim = victim_start();
	snprintf(path, 64, "/proc/%d/mem", victim.pid);
	if (sigsetjmp(refused, 1))
		attack_skip("this kernel has no 32-bit system calls");
	act = act_begin(&victim);
	fd = open32(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOSYS)
		attack_skip("this kernel has no 32-bit system calls");
	act_end_open(&act, fd, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
#else
int main(void)
{
	attack_begin("open_compat32");
	attack_skip("32-bit system calls are made on x86 only");
}
#endif
