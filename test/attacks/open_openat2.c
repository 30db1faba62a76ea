/* SPDX-License-Identifier: Apache-2.0 */
/* Opens /proc/<pid>/mem by openat2(2). */
#include "attack.h"
#include <linux/openat2.h>

int main(void)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
	struct victim victim;
	struct act act;
	char path[64];
	int fd;

	attack_begin("open_openat2");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	act = act_begin(&victim);
	fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (fd < 0 && errno == ENOSYS)
		attack_skip("openat2: %s", strerror(errno));
	act_end_open(&act, fd, AT_FDCWD, path, how.flags);
	act_print(&act);
	return 0;
}
