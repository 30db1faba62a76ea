/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root without capabilities opens the memory of root with capabilities: the file's mode allows it, procfs'
 * own ptrace check (mm_access() in proc_mem_open()) refuses it.
 */
#include "attack.h"
#include <linux/capability.h>

int main(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("refused_by_ptrace_check");
	if (geteuid())
		attack_skip("needs root, to have a victim with more capabilities");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	if (syscall(SYS_capset, &header, none))
		attack_die("drop capabilities");
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
