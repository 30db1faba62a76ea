/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one system call again and again and prints how long one takes, ns.
 *
 *   calls getppid MILLIS          getppid(2)
 *   calls open MILLIS PATH [RATE] open(2) of a file and close(2); RATE a second, as many as can be made
 * without it calls hit MILLIS [COUNT]      the same of /proc/<pid>/mem of a child, COUNT sleeping children
 * beside it calls walk MILLIS DIRECTORY   every file below, opened and closed; the time is that of one file
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

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	double seconds = argc > 2 ? atof(argv[2]) / 1e3 : 0, start, end, rate = 0;
	char path[64] = "";
	long calls = 0;

	if (!strcmp(what, "hit")) {
		for (int i = argc > 3 ? atoi(argv[3]) : 0; i > 0; i--)
			sleeper();
		snprintf(path, sizeof(path), "/proc/%d/mem", sleeper());
	}
	if (!strcmp(what, "open") && argc > 4)
		rate = atof(argv[4]);
	start = now();
	if (!strcmp(what, "walk")) {
		do
			nftw(argv[3], visit, 64, FTW_PHYS);
		while (now() - start < seconds);
		calls = files;
	} else {
		const char *file = *path ? path : argc > 3 ? argv[3] : "/";

		do {
			if (rate > 0 && calls > (now() - start) * rate) {
				struct timespec rest = {.tv_nsec = 200000};

				nanosleep(&rest, NULL);
				continue;
			}
			for (int i = 0; i < BURST; i++)
				once(what, file);
			calls += BURST;
		} while (now() - start < seconds);
	}
	end = now();
	printf("{\"calls\": %ld, \"nanoseconds\": %.1f}\n", calls, (end - start) / calls * 1e9);
	return 0;
}
