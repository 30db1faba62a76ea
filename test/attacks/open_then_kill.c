/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a victim's memory, ends the victim and itself at once: who they were must have been known in the
 * kernel. */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("open_then_kill");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	kill(victim.pid, SIGKILL);
	act_print(&act);
	return 0;
}
