/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the memory of the machine's init, and reads nothing. */
#include "attack.h"

int main(void)
{
	struct victim init;
	struct act act;

	attack_begin("open_pid1");
	init = victim_from(1);
	act = act_begin(&init);
	act_openat(&act, AT_FDCWD, "/proc/1/mem", O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
