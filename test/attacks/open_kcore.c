/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the kernel's memory, /proc/kcore. Argument: O_RDONLY, O_WRONLY or O_RDWR. */
#include "attack.h"

int main(int count, char **arguments)
{
	const char *mode = count > 1 ? arguments[1] : "O_RDONLY";
	struct act act;

	attack_begin("open_kcore");
	if (access("/proc/kcore", F_OK))
		attack_skip("this kernel has no /proc/kcore");
	act = act_begin(NULL);
	act_openat(&act, AT_FDCWD, "/proc/kcore",
		   (!strcmp(mode, "O_RDWR")	? O_RDWR
		    : !strcmp(mode, "O_WRONLY") ? O_WRONLY
						: O_RDONLY) |
		       O_CLOEXEC);
	act_print(&act);
	return 0;
}
