/* SPDX-License-Identifier: Apache-2.0 */
/* process_vm_readv(2) and process_vm_writev(2). Arguments: readv or writev; other, self or thread (its own).
 */
#include "attack.h"
#include <pthread.h>
#include <sys/uio.h>

static char own[64] = "own memory";
static pid_t own_thread;
static int started[2];

static void *second_thread(void *unused)
{
	own_thread = syscall(SYS_gettid);
	if (write(started[1], "", 1) != 1)
		attack_die("report the thread");
	pause();
	return unused;
}

int main(int count, char **arguments)
{
	bool writes = count > 1 && !strcmp(arguments[1], "writev");
	const char *whom = count > 2 ? arguments[2] : "other";
	char buffer[64] = "";
	struct iovec local = {.iov_base = buffer, .iov_len = sizeof(buffer)};
	struct iovec remote = {.iov_base = own, .iov_len = sizeof(own)};
	struct victim victim;
	struct act act;
	pthread_t thread;
	pid_t named;

	attack_begin("process_vm");
	if (!strcmp(whom, "other")) {
		victim = victim_start();
		named = victim.pid;
		remote.iov_base = (void *)victim.secret;
	} else {
		victim = victim_from(attack_own_pid());
		if (pipe(started) || pthread_create(&thread, NULL, second_thread, NULL) ||
		    read(started[0], buffer, 1) != 1)
			attack_die("start a thread");
		named = !strcmp(whom, "thread") ? own_thread : getpid();
	}
	act = act_begin(&victim);
	act.bytes = writes ? process_vm_writev(named, &local, 1, &remote, 1, 0)
			   : process_vm_readv(named, &local, 1, &remote, 1, 0);
	act_end(&act, act.bytes);
	act.address = (unsigned long)remote.iov_base;
	strcpy(act.request, writes ? "process_vm_writev" : "process_vm_readv");
	act_print(&act);
	return 0;
}
