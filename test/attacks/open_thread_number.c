/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a victim's memory under the number of its second thread, which /proc does not list but does serve. */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("open_thread_number");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.tid);
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
