/* SPDX-License-Identifier: Apache-2.0 */
/* Opens <pid>/mem in a procfs that is mounted nowhere: fsopen(2), fsmount(2), openat(2) from its root. */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];
	int context, root;

	attack_begin("open_detached_procfs");
	context = syscall(SYS_fsopen, "proc", 0);
	if (context < 0)
		attack_skip("fsopen: %s", strerror(errno));
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		attack_die("make a procfs");
	root = syscall(SYS_fsmount, context, 0, 0);
	if (root < 0)
		attack_die("detach the procfs");
	victim = victim_start();
	snprintf(path, sizeof(path), "%d/mem", victim.pid);
	act = act_begin(&victim);
	act_openat(&act, root, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
