/* SPDX-License-Identifier: Apache-2.0 */
/* An unprivileged user opens root's /proc/<pid>/mem: the file's mode refuses it before the kernel has opened
 * anything. */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("refused_by_owner");
	if (geteuid())
		attack_skip("needs root, to have a victim of another user");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		attack_die("become an unprivileged user");
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
