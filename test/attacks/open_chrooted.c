/* SPDX-License-Identifier: Apache-2.0 */
/* Opens /proc/<pid>/mem from inside a chroot that has a procfs of its own. */
#include "attack.h"

int main(void)
{
	char name[64], path[PATH_MAX];
	struct victim victim;
	struct act act;

	attack_begin("open_chrooted");
	attack_private_tmp();
	victim = victim_start();
	if (mkdir("/tmp/jail", 0755) || mkdir("/tmp/jail/proc", 0755) ||
	    mount("proc", "/tmp/jail/proc", "proc", 0, NULL))
		attack_die("furnish the jail");
	if (chroot("/tmp/jail") || chdir("/"))
		attack_die("enter the jail");
	snprintf(name, sizeof(name), "/proc/%d/mem", victim.pid);
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	/* the record names the file as the mount namespace has it, so that a chroot cannot disguise it */
	snprintf(path, sizeof(path), "/tmp/jail%s", name);
	strcpy(act.path, path);
	act_print(&act);
	return 0;
}
