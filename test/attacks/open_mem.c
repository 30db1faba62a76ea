/* SPDX-License-Identifier: Apache-2.0 */
/* Opens another process's /proc/<pid>/mem. Argument: flags as symbols, for example O_RDWR|O_CLOEXEC, or an
 * access mode. */
#include "attack.h"

static int parse_flags(const char *text)
{
	static const struct {
		const char *name;
		int bits;
	} names[] = {{"O_RDONLY", O_RDONLY},   {"O_WRONLY", O_WRONLY}, {"O_RDWR", O_RDWR},
		     {"O_CLOEXEC", O_CLOEXEC}, {"O_CREAT", O_CREAT},   {"O_PATH", O_PATH},
		     {"O_TRUNC", O_TRUNC},     {"3", O_ACCMODE}};
	char copy[128];
	int flags = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|")) {
		size_t i = 0;

		while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i].name, word))
			i++;
		if (i == sizeof(names) / sizeof(names[0])) {
			errno = EINVAL;
			attack_die(word);
		}
		flags |= names[i].bits;
	}
	return flags;
}

int main(int count, char **arguments)
{
	struct victim victim;
	struct act act;
	char path[64];

	attack_begin("open_mem");
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	act = act_begin(&victim);
	act_openat(&act, AT_FDCWD, path, parse_flags(count > 1 ? arguments[1] : "O_RDONLY"));
	act_print(&act);
	return 0;
}
