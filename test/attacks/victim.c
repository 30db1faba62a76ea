/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that is attacked: two threads and a made-up secret. Prints its identity on stdout, and exits at
 * the end of stdin.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * For a refused open the kernel has no target, only the caller's path text, and the sidecar looks the target
 * up in /proc afterwards. A real victim still runs then, so this one outlives the attack.
 */
#define OUTLIVES_THE_ATTACK_SECONDS 3

static char secret[4096] = "MADE-UP-SECRET-not-a-real-credential";
static char *secret_on_heap;
static int directory; /* the attacker's procfs, to know the pids of the initial namespace */

static void __attribute__((noinline, used)) never_called(void)
{
	__asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop");
}

static void *second_thread(void *unused)
{
	char self[64] = "", executable[4096] = "";
	int pid = 0, tid = 0;

	if (readlinkat(directory, "thread-self", self, sizeof(self) - 1) < 0 ||
	    readlinkat(directory, "self/exe", executable, sizeof(executable) - 1) < 0 ||
	    sscanf(self, "%d/task/%d", &pid, &tid) != 2)
		exit(1);
	printf("%d %d %d %d %lx %lx %s\n", pid, tid, getpid(), (int)syscall(SYS_gettid),
	       (unsigned long)secret, (unsigned long)never_called, executable);
	fflush(stdout);
	fclose(stdout);
	for (;;)
		pause();
	return unused;
}

int main(int count, char **arguments)
{
	pthread_t thread;
	char byte;

	if (count != 2)
		return 2;
	directory = atoi(arguments[1]);
	secret_on_heap = strdup(secret);
	if (!secret_on_heap || pthread_create(&thread, NULL, second_thread, NULL))
		return 1;
	while (read(0, &byte, 1) > 0)
		;
	sleep(OUTLIVES_THE_ATTACK_SECONDS);
	return 0;
}
