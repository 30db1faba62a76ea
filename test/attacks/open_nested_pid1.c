/* SPDX-License-Identifier: Apache-2.0 */
/* Opens /proc/1/mem inside a nested pid namespace with its own /proc: pid 1 is not the machine's init there.
 */
#include "attack.h"

static int act_in_namespace(void)
{
	struct victim init = victim_from(attack_status(attack_own_pid(), "PPid:", false));
	struct act act = act_begin(&init);

	act_openat(&act, AT_FDCWD, "/proc/1/mem", O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}

int main(void)
{
	pid_t init;

	attack_begin("open_nested_pid1");
	attack_private_mounts();
	if (unshare(CLONE_NEWPID))
		attack_skip("unshare(CLONE_NEWPID): %s", strerror(errno));
	init = fork();
	if (!init) {
		pid_t actor;

		if (mount("proc", "/proc", "proc", 0, NULL))
			attack_die("mount the namespace's own /proc");
		actor = fork();
		if (!actor)
			_exit(act_in_namespace());
		_exit(attack_wait(actor));
	}
	return attack_wait(init);
}
