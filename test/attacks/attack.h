/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every attack program shares: a victim of its own, and the ground truth.
 *
 * An attack does one access (an "act") and prints one line of JSON about it: who, to whom, what came of it,
 * and between which two instants. The tests compare the sensor's records with these lines, so nothing here
 * may guess: pids are read from the procfs that was at /proc when the program started (the one of the initial
 * pid namespace), paths are what the kernel itself says of the descriptor.
 */
#ifndef MEMWARDEN_ATTACK_H
#define MEMWARDEN_ATTACK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

/* A process to be attacked. Start one with victim_start(), or fill it with victim_from() for a process of
 * another making. */
struct victim {
	pid_t pid; /* in the initial pid namespace, like every pid_t of this file unless it says "named" */
	pid_t tid; /* its second thread */
	pid_t named_pid; /* in its own pid namespace */
	pid_t named_tid;
	unsigned long secret;	/* address of its made-up secret, in private writable memory */
	unsigned long function; /* address of a function of it that never runs */
	char executable[PATH_MAX];
};

struct act {
	pid_t actor_pid, actor_tid, actor_vpid, actor_ppid;
	pid_t target_pid, target_vpid; /* 0: the act has no target process */
	bool descendant;	       /* the target descends from the actor */
	char executable[PATH_MAX], target_executable[PATH_MAX];
	char path[PATH_MAX];   /* as the kernel names the file, seen from the actor's root */
	char flags[256];       /* symbolic; empty: none */
	char request[64];      /* ptrace request, mmap/mprotect transition, … */
	long bytes;	       /* moved by the call; -1: does not apply */
	unsigned long address; /* in the target; 0: does not apply */
	int error;	       /* errno; 0 is success */
	struct timespec before, after;
};

static const char *attack_technique;
static int attack_proc = -1;	/* O_PATH descriptor of the procfs of the initial pid namespace */
static int attack_victim = -1;	/* O_PATH descriptor of the victim program */
static int attack_control = -1; /* victims end when the last writer of this pipe is gone */

static void __attribute__((noreturn)) attack_die(const char *what)
{
	fprintf(stderr, "%s: failed to %s: %s\n", attack_technique, what, strerror(errno));
	exit(1);
}

static void attack_print_string(const char *key, const char *value)
{
	printf(",\"%s\":\"", key);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			putchar('\\');
		putchar(*value);
	}
	putchar('"');
}

static void attack_print_head(void)
{
	const char *scenario = getenv("ATTACK_SCENARIO");

	printf("{\"technique\":\"%s\"", attack_technique);
	if (scenario)
		attack_print_string("scenario", scenario);
}

/* This machine cannot run the technique: says why and ends. */
static inline void __attribute__((noreturn, format(printf, 1, 2))) attack_skip(const char *format, ...)
{
	char reason[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	attack_print_head();
	attack_print_string("skip", reason);
	printf("}\n");
	fflush(stdout);
	exit(0);
}

/* First call of every program. */
static void attack_begin(const char *technique)
{
	char path[PATH_MAX];
	ssize_t length;

	attack_technique = technique;
	attack_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (attack_proc < 0 || length < 0)
		attack_die("find itself in /proc");
	path[length] = 0;
	attack_victim = open(strcat(dirname(path), "/victim"), O_PATH | O_CLOEXEC);
	if (attack_victim < 0)
		attack_die("open the victim program next to its own");
}

static void attack_readlink(const char *path, char *text, size_t size)
{
	ssize_t length = readlinkat(attack_proc, path, text, size - 1);

	text[length < 0 ? 0 : length] = 0;
}

/* A field of /proc/<pid>/status: its first number, or its last. 0 when the process is gone. */
static pid_t attack_status(pid_t pid, const char *field, bool last)
{
	char name[64], line[512];
	size_t length = strlen(field);
	pid_t value = 0;
	FILE *status;
	int fd;

	snprintf(name, sizeof(name), "%d/status", pid);
	fd = openat(attack_proc, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	status = fdopen(fd, "r");
	while (status && fgets(line, sizeof(line), status)) {
		char *start = line + length;

		if (strncmp(line, field, length))
			continue;
		if (last && strrchr(line, '\t'))
			start = strrchr(line, '\t');
		value = atoi(start);
	}
	fclose(status);
	return value;
}

static bool attack_descends(pid_t pid, pid_t ancestor)
{
	while ((pid = attack_status(pid, "PPid:", false)))
		if (pid == ancestor)
			return true;
	return false;
}

static pid_t attack_own_pid(void)
{
	char text[64];

	attack_readlink("self", text, sizeof(text));
	return atoi(text);
}

static pid_t attack_own_tid(void)
{
	char text[64];
	char *tid;

	attack_readlink("thread-self", text, sizeof(text));
	tid = strrchr(text, '/');
	return tid ? atoi(tid + 1) : 0;
}

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

/* Everything about both sides that must be known before the act, then the clock. */
static struct act act_begin(const struct victim *victim)
{
	struct act act = {.bytes = -1};

	act.actor_pid = attack_own_pid();
	act.actor_tid = attack_own_tid();
	act.actor_vpid = getpid();
	act.actor_ppid = attack_status(act.actor_pid, "PPid:", false);
	attack_readlink("self/exe", act.executable, sizeof(act.executable));
	if (victim) {
		act.target_pid = victim->pid;
		act.target_vpid = victim->named_pid;
		act.descendant = attack_descends(victim->pid, act.actor_pid);
		strcpy(act.target_executable, victim->executable);
	}
	clock_gettime(CLOCK_REALTIME, &act.before);
	return act;
}

/* Right after the call: `result` < 0 is a failure, and errno says which. */
static void act_end(struct act *act, long result)
{
	int error = errno;

	clock_gettime(CLOCK_REALTIME, &act->after);
	act->error = result < 0 ? error : 0;
}

static inline void act_flags(struct act *act, int flags)
{
	static const struct {
		int bits;
		const char *name;
	} names[] = {{O_CREAT, "O_CREAT"},     {O_EXCL, "O_EXCL"},	   {O_TRUNC, "O_TRUNC"},
		     {O_APPEND, "O_APPEND"},   {O_NONBLOCK, "O_NONBLOCK"}, {O_NOFOLLOW, "O_NOFOLLOW"},
		     {O_CLOEXEC, "O_CLOEXEC"}, {O_PATH, "O_PATH"}};
	static const char *const modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "3"};

	strcpy(act->flags, modes[flags & O_ACCMODE]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bits)
			strcat(strcat(act->flags, "|"), names[i].name);
}

/* Asks the kernel how it names what `fd` refers to. */
static void act_path_of(struct act *act, int fd)
{
	char link[64];

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	attack_readlink(link, act->path, sizeof(act->path));
}

/* Ends an act that was an open. A refused file is named through O_PATH, which asks for no access. */
static void act_end_open(struct act *act, int fd, int directory, const char *path, int flags)
{
	int named = fd;

	act_end(act, fd);
	act_flags(act, flags);
	if (fd < 0)
		named = openat(directory, path, O_PATH | O_CLOEXEC);
	if (named < 0)
		strncpy(act->path, path, sizeof(act->path) - 1);
	else
		act_path_of(act, named);
	if (fd < 0 && named >= 0)
		close(named);
}

/* The act is openat(2) of this path. Leaves the descriptor open. */
static inline int act_openat(struct act *act, int directory, const char *path, int flags)
{
	int fd;

	clock_gettime(CLOCK_REALTIME, &act->before);
	fd = openat(directory, path, flags, 0600);
	act_end_open(act, fd, directory, path, flags);
	return fd;
}

static void act_print(const struct act *act)
{
	attack_print_head();
	printf(",\"actor_pid\":%d,\"actor_tid\":%d,\"actor_vpid\":%d,\"actor_ppid\":%d", act->actor_pid,
	       act->actor_tid, act->actor_vpid, act->actor_ppid);
	attack_print_string("executable", act->executable);
	if (act->target_pid) {
		printf(",\"target_pid\":%d,\"target_vpid\":%d,\"descendant\":%s", act->target_pid,
		       act->target_vpid, act->descendant ? "true" : "false");
		if (act->target_executable[0])
			attack_print_string("target_executable", act->target_executable);
	}
	if (act->path[0])
		attack_print_string("path", act->path);
	if (act->flags[0])
		attack_print_string("flags", act->flags);
	if (act->request[0])
		attack_print_string("request", act->request);
	if (act->bytes >= 0)
		printf(",\"bytes\":%ld", act->bytes);
	if (act->address)
		printf(",\"address\":\"0x%lx\"", act->address);
	attack_print_string("outcome", act->error ? "failure" : "success");
	if (act->error)
		attack_print_string("errno", strerrorname_np(act->error));
	printf(",\"before_unix_ns\":\"%lld%09ld\",\"after_unix_ns\":\"%lld%09ld\"}\n",
	       (long long)act->before.tv_sec, act->before.tv_nsec, (long long)act->after.tv_sec,
	       act->after.tv_nsec);
	fflush(stdout);
}

/* Waits for a child that does the act on the program's behalf. */
static inline int attack_wait(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		attack_die("wait for the acting child");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A mount namespace of its own, so that nothing an attack mounts is left behind. */
static inline void attack_private_mounts(void)
{
	if (unshare(CLONE_NEWNS))
		attack_skip("unshare(CLONE_NEWNS): %s", strerror(errno));
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		attack_skip("mount(MS_PRIVATE): %s", strerror(errno));
}

/* A private, empty tmpfs at /tmp: a place for files that vanish with the program. */
static inline void attack_private_tmp(void)
{
	attack_private_mounts();
	mkdir("/tmp", 01777);
	if (mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777"))
		attack_skip("mount(tmpfs): %s", strerror(errno));
}

#endif
