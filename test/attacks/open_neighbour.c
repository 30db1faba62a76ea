/* SPDX-License-Identifier: Apache-2.0 */
/* Opens procfs files that are not memory. Argument: meminfo, or maps, status, … of a victim as %d/maps. */
#include "attack.h"

int main(int count, char **arguments)
{
	char name[64], path[128];
	struct victim victim;
	struct act act;

	attack_begin("open_neighbour");
	victim = victim_start();
	if (count > 1 && !strncmp(arguments[1], "%d/", 3))
		snprintf(name, sizeof(name), "%d/%s", victim.pid, arguments[1] + 3);
	else
		snprintf(name, sizeof(name), "%s", count > 1 ? arguments[1] : "meminfo");
	snprintf(path, sizeof(path), "/proc/%s", name);
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
