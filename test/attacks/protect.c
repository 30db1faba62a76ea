/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes the protection of its own memory. Arguments: the protections in turn as letters, the first one
 * given to mmap(2), the rest to mprotect(2): for example rw rx. A last argument "file" maps the program's own
 * file, "areas" makes the change over two areas of memory.
 */
#include "attack.h"
#include <sys/mman.h>

static int parse_protection(const char *letters)
{
	return (strchr(letters, 'r') ? PROT_READ : 0) | (strchr(letters, 'w') ? PROT_WRITE : 0) |
	       (strchr(letters, 'x') ? PROT_EXEC : 0);
}

static bool has_option(int count, char **arguments, const char *option)
{
	return count > 2 && !strcmp(arguments[count - 1], option);
}

int main(int count, char **arguments)
{
	bool file = has_option(count, arguments, "file"), areas = has_option(count, arguments, "areas");
	const size_t page = sysconf(_SC_PAGESIZE), length = (areas ? 2 : 1) * page;
	int last = count - (file || areas), fd = -1;
	struct act act;
	char *memory;

	attack_begin("protect");
	if (last < 2)
		attack_die("read the protections");
	if (file)
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	act = act_begin(NULL);
	memory = mmap(NULL, length, parse_protection(arguments[1]), MAP_PRIVATE | (file ? 0 : MAP_ANONYMOUS), fd, 0);
	act_end(&act, memory == MAP_FAILED ? -1 : 0);
	snprintf(act.request, sizeof(act.request), "mmap %s", arguments[1]);
	act.address = memory == MAP_FAILED ? 0 : (unsigned long)memory;
	if (file)
		strcpy(act.path, act.executable);
	act_print(&act);
	if (areas && mprotect(memory + page, page, PROT_READ | PROT_WRITE))
		attack_die("divide the area");
	for (int i = 2; i < last; i++) {
		struct act change = act_begin(NULL);

		act_end(&change, mprotect(memory, length, parse_protection(arguments[i])));
		snprintf(change.request, sizeof(change.request), "mprotect %s", arguments[i]);
		change.address = (unsigned long)memory;
		strcpy(change.path, act.path);
		act_print(&change);
		if (areas) {
			change.address += page;
			act_print(&change);
		}
	}
	return 0;
}
