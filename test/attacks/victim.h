/* SPDX-License-Identifier: Apache-2.0 */
/* The process that is attacked, seen from the attack. Part of attack.h. */
#ifndef MEMWARDEN_VICTIM_H
#define MEMWARDEN_VICTIM_H

/* A process to be attacked: started by victim_start(), or described by victim_from() if it exists already. */
struct victim {
	pid_t pid; /* in the initial pid namespace, like every pid_t of this file unless it says "named" */
	pid_t tid; /* its second thread */
	pid_t named_pid; /* in its own pid namespace */
	pid_t named_tid;
	unsigned long secret;	/* address of its made-up secret, in private writable memory */
	unsigned long function; /* address of a function of it that never runs */
	char executable[PATH_MAX];
};

static int attack_control = -1; /* victims end when the last writer of this pipe is gone */

/* A process that the program knows by its pid in the initial namespace. */
static inline struct victim victim_from(pid_t pid)
{
	struct victim victim = {.pid = pid, .tid = pid};
	char name[64];

	victim.named_pid = victim.named_tid = attack_status(pid, "NSpid:", true);
	snprintf(name, sizeof(name), "%d/exe", pid);
	attack_readlink(name, victim.executable, sizeof(victim.executable));
	return victim;
}

/*
 * Starts a victim that is not the caller's descendant (its parent exits at once), with the credentials of
 * `uid`, and waits until it runs. It ends with the caller.
 */
static inline struct victim victim_start_as(uid_t uid)
{
	struct victim victim = {0};
	int control[2], report[2];
	FILE *answer;
	pid_t parent;

	if (pipe(control) || pipe(report))
		attack_die("make pipes");
	parent = fork();
	if (parent < 0)
		attack_die("fork");
	if (!parent) {
		char directory[16];
		char *arguments[] = {"victim", directory, NULL};
		char *environment[] = {NULL};

		if (fork())
			_exit(0);
		dup2(control[0], 0);
		dup2(report[1], 1);
		dup2(open("/dev/null", O_WRONLY), 2);
		close(control[1]);
		close(report[0]);
		snprintf(directory, sizeof(directory), "%d", fcntl(attack_proc, F_DUPFD, 3));
		if (uid && setresuid(uid, uid, uid))
			_exit(1);
		syscall(SYS_execveat, attack_victim, "", arguments, environment, AT_EMPTY_PATH);
		_exit(1);
	}
	waitpid(parent, NULL, 0);
	close(control[0]);
	close(report[1]);
	attack_control = control[1];
	fcntl(attack_control, F_SETFD, FD_CLOEXEC);
	answer = fdopen(report[0], "r");
	if (fscanf(answer, "%d %d %d %d %lx %lx %4095s", &victim.pid, &victim.tid, &victim.named_pid,
		   &victim.named_tid, &victim.secret, &victim.function, victim.executable) != 7)
		attack_die("start a victim");
	fclose(answer);
	return victim;
}

static inline struct victim victim_start(void)
{
	return victim_start_as(0);
}

#endif
