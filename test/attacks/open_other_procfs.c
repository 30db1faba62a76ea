/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts a second procfs elsewhere and opens <pid>/mem there. */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("open_other_procfs");
	attack_private_tmp();
	victim = victim_start();
	if (mkdir("/tmp/p", 0755) || mount("proc", "/tmp/p", "proc", 0, NULL))
		attack_die("mount a second procfs");
	snprintf(path, sizeof(path), "/tmp/p/%d/mem", victim.pid);
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
