/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An unprivileged user makes a user namespace, where it is root. Argument: inside (a victim within the
 * namespace, which that root may open) or outside (one that it may not).
 */
#include "attack.h"

int main(int count, char **arguments)
{
	bool inside = count < 2 || !strcmp(arguments[1], "inside");
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("open_user_namespace");
	if (!geteuid() && (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
		attack_die("become an unprivileged user");
	if (!inside)
		victim = victim_start();
	if (unshare(CLONE_NEWUSER))
		attack_skip("unshare(CLONE_NEWUSER): %s", strerror(errno));
	if (inside)
		victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
