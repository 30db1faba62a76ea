/* SPDX-License-Identifier: Apache-2.0 */
/* Bind-mounts the single file /proc/<pid>/mem over an ordinary one and opens that. */
#include "attack.h"

int main(void)
{
	struct victim victim;
	struct act act;
	char path[64];
	int fd;

	attack_begin("open_bind_mount");
	attack_private_tmp();
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	fd = open("/tmp/notes.txt", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || mount(path, "/tmp/notes.txt", NULL, MS_BIND, NULL))
		attack_die("bind-mount the mem file");
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, "/tmp/notes.txt", O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return 0;
}
