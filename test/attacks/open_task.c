/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a victim's memory through its second thread: /proc/<pid>/task/<tid>/mem. */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("open_task");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/task/%d/mem", victim.pid, victim.tid);
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
