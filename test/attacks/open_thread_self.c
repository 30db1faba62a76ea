/* SPDX-License-Identifier: Apache-2.0 */
/* Opens its own memory as /proc/thread-self/mem, from a thread that is not the main one. */
#include "attack.h"
#include <pthread.h>

static void *second_thread(void *unused)
{
	struct victim self = victim_from(attack_own_pid());
	struct act act = act_begin(&self);

	act_openat(&act, AT_FDCWD, "/proc/thread-self/mem", O_RDONLY | O_CLOEXEC);
	act_print(&act);
	return unused;
}

int main(void)
{
	pthread_t thread;

	attack_begin("open_thread_self");
	errno = pthread_create(&thread, NULL, second_thread, NULL);
	if (errno)
		attack_die("start a thread");
	pthread_join(thread, NULL);
	return 0;
}
