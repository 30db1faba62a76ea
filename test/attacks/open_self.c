/* SPDX-License-Identifier: Apache-2.0 */
/* Opens its own memory as /proc/self/mem. */
#include "attack.h"

int main(void)
{
	struct victim self;
	struct act act;

	attack_begin("open_self");
	self = victim_from(attack_own_pid());
	act = act_begin(&self);
	act_openat(&act, AT_FDCWD, "/proc/self/mem", O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
