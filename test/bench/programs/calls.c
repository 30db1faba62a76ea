/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one system call repeatedly and prints how often, and the time of one, ns. Each line of standard input
 * is a command:
 *
 *   getppid MILLIS          getppid(2)
 *   open MILLIS PATH [RATE] open(2) of a file and close(2); RATE a second, as many as can be made without it
 *   hit MILLIS [COUNT]      the same of /proc/<pid>/mem of a child, COUNT sleeping children beside it
 *   walk MILLIS DIRECTORY   every file below, opened and closed; the time is that of one file
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Calls between two looks at the clock. */
#define BURST 64

static long files;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
	int fd;

	(void)status;
	(void)place;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY);
	if (fd >= 0)
		close(fd);
	files++;
	return 0;
}

static void once(const char *what, const char *path)
{
	int fd;

	if (!strcmp(what, "getppid")) {
		syscall(SYS_getppid);
	} else {
		fd = open(path, O_RDONLY);
		if (fd >= 0)
			close(fd);
	}
}

/* Children that sleep from now on; there are never fewer than before. */
static pid_t sleepers(int count)
{
	static int made;
	static pid_t first;

	for (; made < count; made++) {
		pid_t pid = sleeper();

		first = first ? first : pid;
	}
	return first;
}

static void obey(const char *what, double seconds, const char *operand, double rate)
{
	double start, end;
	char path[64];
	long calls = 0;

	if (!strcmp(what, "hit")) {
		snprintf(path, sizeof(path), "/proc/%d/mem", sleepers(atoi(operand) + 1));
		operand = path;
	}
	files = 0;
	start = now();
	do {
		if (!strcmp(what, "walk")) {
			nftw(operand, visit, 64, FTW_PHYS);
			calls = files;
		} else if (rate > 0 && calls > (now() - start) * rate) {
			struct timespec rest = {.tv_nsec = 200000};

			nanosleep(&rest, NULL);
		} else {
			for (int i = 0; i < BURST; i++)
				once(what, operand);
			calls += BURST;
		}
		end = now();
	} while (end - start < seconds);
	printf("{\"calls\": %ld, \"nanoseconds\": %.1f}\n", calls, (end - start) / calls * 1e9);
	fflush(stdout);
}

int main(void)
{
	char what[16], operand[256];
	double millis, rate;

	for (;;) {
		char line[512];

		if (!fgets(line, sizeof(line), stdin))
			return 0;
		operand[0] = 0;
		rate = 0;
		if (sscanf(line, "%15s %lf %255s %lf", what, &millis, operand, &rate) < 2)
			return 2;
		obey(what, millis / 1e3, operand, rate);
	}
}
