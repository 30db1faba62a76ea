/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes another process's descriptor of a mem file by pidfd_getfd(2). Argument: other (the holder has opened
 * the memory of a third process) or holder (the holder has opened its own, which alone would be harmless).
 * The thief reads from it.
 */
#include "attack.h"

static void hold(const struct victim *victim, int tell)
{
	struct act act = act_begin(victim);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", victim->pid);
	fd = act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	if (write(tell, &fd, sizeof(fd)) != sizeof(fd))
		_exit(1);
	pause();
	_exit(0);
}

int main(int count, char **arguments)
{
	bool own = count > 1 && !strcmp(arguments[1], "holder");
	struct victim victim;
	struct act act;
	char bytes[16];
	int tell[2], number, taken, pidfd;
	pid_t holder;

	attack_begin("steal_pidfd_getfd");
	if (!own)
		victim = victim_start();
	if (pipe(tell))
		attack_die("make a pipe");
	holder = fork();
	if (!holder) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (own)
			victim = victim_from(attack_own_pid());
		hold(&victim, tell[1]);
	}
	if (read(tell[0], &number, sizeof(number)) != sizeof(number))
		attack_die("hear of the holder's descriptor");
	if (own)
		victim = victim_from(holder);
	pidfd = syscall(SYS_pidfd_open, holder, 0);
	if (pidfd < 0)
		attack_skip("pidfd_open: %s", strerror(errno));
	act = act_begin(&victim);
	taken = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	act_end(&act, taken);
	if (taken < 0 && errno == ENOSYS)
		attack_skip("pidfd_getfd: %s", strerror(errno));
	act_path_of(&act, taken);
	strcpy(act.request, "pidfd_getfd");
	act_print(&act);
	if (own && pread(taken, bytes, sizeof(bytes), (off_t)(unsigned long)&attack_proc) != sizeof(bytes))
		attack_die("read through the stolen descriptor");
	if (!own && pread(taken, bytes, sizeof(bytes), victim.secret) != sizeof(bytes))
		attack_die("read through the stolen descriptor");
	return 0;
}
