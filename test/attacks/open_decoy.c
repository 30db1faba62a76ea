/* SPDX-License-Identifier: Apache-2.0 */
/* Opens an ordinary file that only looks like one of procfs. Argument: its path below /tmp, for example
 * proc/12/mem. */
#include "attack.h"

int main(int count, char **arguments)
{
	char path[PATH_MAX];
	struct act act;
	int fd;

	attack_begin("open_decoy");
	attack_private_tmp();
	snprintf(path, sizeof(path), "/tmp/%s", count > 1 ? arguments[1] : "proc/12/mem");
	for (char *slash = path + strlen("/tmp/"); (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		if (mkdir(path, 0755))
			attack_die("make a folder");
		*slash = '/';
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		attack_die("make the decoy");
	act = act_begin(NULL);
	act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
