// SPDX-License-Identifier: Apache-2.0
/*
 * Not an attack: makes foreign events in the kernel while a test checks its own actors. Bounded in rate, time
 *and number; accesses only its own child.
 *
 *	flood EVENTS_PER_SECOND SECONDS_MAX EVENTS_MAX
 *
 * Half of it is done as root (opens of the child's memory and of its own, reads of the child's memory), half
 *as nobody, who is refused (reads, seizes, some opens). One act in a hundred comes from a process that is
 *new, as no sensor could fold those. Ends by itself, on SIGTERM and on SIGINT, and with its parent; prints
 *what it did as a line of JSON.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY		  65534
#define KINDS		  3
#define NEW_PROCESS_EVERY 100
/*
 * Where only tracepoints are allowed, a refused open is known by its text alone, and to find whose memory
 * that means takes the sidecar a dozen files of procfs: some 1,500 a second are all it can do. This generator
 * is about the others.
 */
#define REFUSED_OPEN_EVERY 150
#define STEP_NS		   1000000 /* between two bursts, so that the rate is one of every moment */

struct counts {
	long events;	/* all that follows */
	long opens;	/* of the child's memory */
	long own_opens; /* of its own memory */
	long reads;	/* process_vm_readv */
	long seizes;
	long refused; /* of all these */
};

static volatile sig_atomic_t is_over;
static struct counts *counts; /* shared by all its processes */
static pid_t child;
static char child_mem[64];
static char child_byte; /* at the same address in the child */

static void die(const char *what)
{
	fprintf(stderr, "flood: failed to %s: %s\n", what, strerror(errno));
	exit(1);
}

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

static void add(long *count)
{
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

static void open_memory(const char *path, long *count)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	add(count);
	if (fd < 0)
		add(&counts->refused);
	else
		close(fd);
}

static void read_memory(void)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {&child_byte, 1};

	add(&counts->reads);
	if (process_vm_readv(child, &local, 1, &remote, 1, 0) < 0)
		add(&counts->refused);
}

/* Only as nobody: it is refused, so nothing has to be detached. */
static void seize(void)
{
	add(&counts->seizes);
	if (ptrace(PTRACE_SEIZE, child, 0, 0) < 0)
		add(&counts->refused);
}

static void act(long number, int as_nobody)
{
	switch (number % KINDS) {
	case 0:
		if (as_nobody && number % REFUSED_OPEN_EVERY != 0)
			read_memory();
		else
			open_memory(child_mem, &counts->opens);
		break;
	case 1:
		read_memory();
		break;
	default:
		if (as_nobody)
			seize();
		else
			open_memory("/proc/self/mem", &counts->own_opens);
	}
}

static void act_in_new_process(long number, int as_nobody)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		act(number, as_nobody);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* What could not be done in time is made up for: the rate is that of the whole run, and on a busy machine a
 * bound. */
static void work(long per_second, int seconds, long events_max, int as_nobody)
{
	long long start = now_ns();
	struct timespec step = {0, STEP_NS};
	long number = 0;

	while (!is_over && number < events_max) {
		long long elapsed = now_ns() - start;
		long due = (long)(elapsed / 1000 * per_second / 1000000);

		if (elapsed >= seconds * 1000000000LL)
			break;
		for (; number < due && number < events_max && !is_over; number++) {
			if (number % NEW_PROCESS_EVERY == 0)
				act_in_new_process(number / NEW_PROCESS_EVERY, as_nobody);
			else
				act(number, as_nobody);
			add(&counts->events);
		}
		nanosleep(&step, NULL);
	}
}

/* A child that ends with its parent. @return 0 in the child */
static pid_t start(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = end};
	long per_second, events_max;
	int seconds;
	long long started;
	pid_t workers[2];

	if (argc != 4) {
		fprintf(stderr, "usage: flood EVENTS_PER_SECOND SECONDS_MAX EVENTS_MAX\n");
		return 2;
	}
	per_second = atol(argv[1]);
	seconds = atoi(argv[2]);
	events_max = atol(argv[3]);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		die("share its counts");
	child = start();
	if (child == 0)
		for (;;)
			pause();
	snprintf(child_mem, sizeof(child_mem), "/proc/%d/mem", child);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	started = now_ns();
	for (int as_nobody = 0; as_nobody < 2; as_nobody++) {
		workers[as_nobody] = start();
		if (workers[as_nobody] == 0) {
			if (as_nobody && (setgid(NOBODY) || setuid(NOBODY)))
				die("become nobody");
			/* setuid(2) has cleared it */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(per_second / 2, seconds, events_max / 2, as_nobody);
			_exit(0);
		}
	}
	printf("flooding\n");
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		while (waitpid(workers[i], NULL, 0) < 0 && errno == EINTR)
			for (int j = 0; j < 2; j++)
				kill(workers[j], SIGTERM);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("{\"events\":%ld,\"seconds\":%.3f,\"opens\":%ld,\"own_opens\":%ld,\"reads\":%ld,\"seizes\":%"
	       "ld,\"refused\":%ld}\n",
	       counts->events, (double)(now_ns() - started) / 1e9, counts->opens, counts->own_opens,
	       counts->reads, counts->seizes, counts->refused);
	return 0;
}
