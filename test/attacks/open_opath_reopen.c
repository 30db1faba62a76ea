/* SPDX-License-Identifier: Apache-2.0 */
/* Takes an O_PATH descriptor of /proc/<pid>/mem, which is no access, and reopens it through
 * /proc/self/fd/<n>, which is one. */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("open_opath_reopen");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", open(path, O_PATH | O_CLOEXEC));
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
