/* SPDX-License-Identifier: Apache-2.0 */
/* Changes into /proc/<pid> and opens "mem". */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("open_relative");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d", victim.pid);
	if (chdir(path))
		attack_die("change into the victim's folder");
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, "mem", O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
