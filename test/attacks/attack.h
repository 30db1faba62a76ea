/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every attack program shares: a victim of its own, and the ground truth.
 *
 * An attack does one access (an "act") and prints one line of JSON about it: actor, target, outcome, and the
 * times before and after it. The tests compare the sidecar's records with these lines, so they must be exact:
 * pids are read from the procfs that was at /proc when the program started (the one of the initial pid
 * namespace), and paths are those that the kernel has for the descriptor.
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

static const char *attack_technique;
static int attack_proc = -1;   /* O_PATH descriptor of the procfs of the initial pid namespace */
static int attack_victim = -1; /* O_PATH descriptor of the victim program */
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

/* This machine cannot run the technique: prints the reason and exits. */
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

/* Waits for a child that does the act on the program's behalf. */
static inline int attack_wait(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		attack_die("wait for the acting child");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Enters a new mount namespace, so that no mount of an attack is left behind. */
static inline void attack_private_mounts(void)
{
	if (unshare(CLONE_NEWNS))
		attack_skip("unshare(CLONE_NEWNS): %s", strerror(errno));
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		attack_skip("mount(MS_PRIVATE): %s", strerror(errno));
}

/* Mounts a private tmpfs on /tmp, for files that vanish with the program. */
static inline void attack_private_tmp(void)
{
	attack_private_mounts();
	mkdir("/tmp", 01777);
	if (mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777"))
		attack_skip("mount(tmpfs): %s", strerror(errno));
}

#include "victim.h"
#include "act.h"

#include "victim.h"
#include "act.h"

#endif
