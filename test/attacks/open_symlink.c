/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a harmless-looking symbolic link to /proc/<pid>/mem. */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("open_symlink");
	attack_private_tmp();
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	if (symlink(path, "/tmp/notes.txt"))
		attack_die("make a symbolic link");
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, "/tmp/notes.txt", O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
