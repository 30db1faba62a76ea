/* SPDX-License-Identifier: Apache-2.0 */
/* Opens its own memory under its own pid's number. */
#include "attack.h"

int main(void)
{
	struct victim self;
	struct act act;
	char path[64];

	attack_begin("open_own_number");
	self = victim_from(attack_own_pid());
	snprintf(path, sizeof(path), "/proc/%d/mem", getpid());
	act = act_begin(&self);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
