/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Touches the memory of other processes as fast as the machine can, or at a given rate.
 *
 *   storm METHOD ACTORS TARGETS RATE SECONDS
 *
 * METHOD is `open` (/proc/<pid>/mem, opened and closed) or `readv` (process_vm_readv of one byte). ACTORS
 * processes take turns over TARGETS victims, so that ACTORS x TARGETS detections are different ones; RATE is
 * that of all actors together, a second, 0 for no limit. Prints `ready`, waits for a line on standard input,
 * and prints how many acts were made, as JSON, when SECONDS are over.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TARGETS_MAX 16384
/* Acts between two looks at the clock. */
#define BURST 16

static pid_t targets[TARGETS_MAX];
static char paths[TARGETS_MAX][32];

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void sleep_until(double when)
{
	struct timespec time = {.tv_sec = (time_t)when, .tv_nsec = (long)((when - (time_t)when) * 1e9)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

/* A child that ends with its parent. */
static pid_t child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	return 0;
}

static int act(int by_open, int target, void *address)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {address, 1};
	int fd;

	if (!by_open)
		return process_vm_readv(targets[target], &local, 1, &remote, 1, 0) == 1;
	fd = open(paths[target], O_RDONLY);
	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

static long run(int by_open, int count, int first, double rate, double seconds)
{
	static char address;
	double start = now(), end = start + seconds;
	long acts = 0, done = 0;

	for (;;) {
		double moment = now();
		long due = BURST;

		if (moment >= end)
			return done;
		if (rate > 0) {
			due = (long)((moment - start) * rate) - acts;
			if (due <= 0) {
				sleep_until(start + (acts + 1) / rate);
				continue;
			}
			if (due > BURST)
				due = BURST;
		}
		for (; due > 0; due--, acts++)
			done += act(by_open, (first + acts) % count, &address);
	}
}

int main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr, "storm METHOD ACTORS TARGETS RATE SECONDS\n");
		return 2;
	}
	int by_open = !strcmp(argv[1], "open"), actors = atoi(argv[2]), count = atoi(argv[3]);
	double rate = atof(argv[4]), seconds = atof(argv[5]), start;
	long *acts =
	    mmap(NULL, actors * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long sum = 0;

	for (int i = 0; i < count && i < TARGETS_MAX; i++) {
		targets[i] = child();
		if (!targets[i])
			for (;;)
				pause();
		if (targets[i] < 0) {
			perror("fork");
			return 1;
		}
		snprintf(paths[i], sizeof(paths[i]), "/proc/%d/mem", targets[i]);
	}
	printf("ready\n");
	fflush(stdout);
	getchar();
	start = now();
	for (int i = 0; i < actors; i++)
		if (!child()) {
			acts[i] = run(by_open, count, i * 7, rate / actors, seconds);
			_exit(0);
		}
	for (int i = 0; i < actors; i++)
		wait(NULL);
	for (int i = 0; i < actors; i++)
		sum += acts[i];
	printf("{\"acts\": %ld, \"seconds\": %.3f}\n", sum, now() - start);
	for (int i = 0; i < count; i++)
		kill(targets[i], SIGKILL);
	return 0;
}
