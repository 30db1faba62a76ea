/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a victim's mem file and uses it. Argument: read or write; 64 bytes move, in four calls, then the file
 * is closed. */
#include "attack.h"

int main(int count, char **arguments)
{
	bool writes = count > 1 && !strcmp(arguments[1], "write");
	struct act open_act, use_act;
	struct victim victim;
	char path[64], bytes[16] = "";
	int fd;

	attack_begin("use_mem");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	open_act = act_begin(&victim);
	fd = act_openat(&open_act, AT_FDCWD, path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	act_print(&open_act);
	use_act = act_begin(&victim);
	use_act.bytes = 0;
	for (int i = 0; i < 4; i++) {
		off_t at = victim.secret + i * sizeof(bytes);
		ssize_t moved =
		    writes ? pwrite(fd, bytes, sizeof(bytes), at) : pread(fd, bytes, sizeof(bytes), at);

		if (moved != sizeof(bytes))
			attack_die("use the mem file");
		use_act.bytes += moved;
	}
	act_end(&use_act, 0);
	strcpy(use_act.path, open_act.path);
	strcpy(use_act.request, writes ? "write" : "read");
	close(fd);
	act_print(&use_act);
	return 0;
}
