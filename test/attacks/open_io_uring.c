/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens /proc/<pid>/mem by io_uring, without liburing. Arguments: openat or openat2; then any of async
 * (IOSQE_ASYNC: a worker thread does it) and sqpoll (a kernel thread submits it).
 */
#include "attack.h"
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <sys/mman.h>

static void *map_ring(int ring, size_t size, off_t offset)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);

	if (memory == MAP_FAILED)
		attack_die("map the ring");
	return memory;
}

/* Submits the one request and returns its result. */
static int submit(int ring, const struct io_uring_params *params, const struct io_uring_sqe *request)
{
	char *submissions =
	    map_ring(ring, params->sq_off.array + params->sq_entries * sizeof(__u32), IORING_OFF_SQ_RING);
	char *completions = map_ring(
	    ring, params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	struct io_uring_sqe *entries =
	    map_ring(ring, params->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	unsigned int *tail = (unsigned int *)(submissions + params->sq_off.tail);
	unsigned int *flags = (unsigned int *)(submissions + params->sq_off.flags);
	unsigned int enter = IORING_ENTER_GETEVENTS;
	const struct io_uring_cqe *completion =
	    (const struct io_uring_cqe *)(completions + params->cq_off.cqes);

	entries[0] = *request;
	((unsigned int *)(submissions + params->sq_off.array))[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_SEQ_CST);
	if (params->flags & IORING_SETUP_SQPOLL &&
	    __atomic_load_n(flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
		enter |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, ring, 1, 1, enter, NULL, 0) < 0)
		attack_die("submit to the ring");
	if (completion->res < 0) {
		errno = -completion->res;
		return -1;
	}
	return completion->res;
}

int main(int count, char **arguments)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
	struct io_uring_params params = {.sq_thread_idle = 1000};
	struct io_uring_sqe request = {.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD};
	struct victim victim;
	struct act act;
	char path[64];
	int ring, fd;

	attack_begin("open_io_uring");
	for (int i = 1; i < count; i++) {
		if (!strcmp(arguments[i], "openat2"))
			request.opcode = IORING_OP_OPENAT2;
		if (!strcmp(arguments[i], "async"))
			request.flags |= IOSQE_ASYNC;
		if (!strcmp(arguments[i], "sqpoll"))
			params.flags |= IORING_SETUP_SQPOLL;
	}
	ring = syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0)
		attack_skip("io_uring_setup: %s", strerror(errno));
	victim = victim_start();
	snprintf(path, sizeof(path), "/proc/%d/mem", victim.pid);
	request.addr = (unsigned long)path;
	if (request.opcode == IORING_OP_OPENAT2) {
		request.len = sizeof(how);
		request.off = (unsigned long)&how;
	} else {
		request.open_flags = how.flags;
	}
	act = act_begin(&victim);
	fd = submit(ring, &params, &request);
	act_end_open(&act, fd, AT_FDCWD, path, how.flags);
	strcpy(act.request, "io_uring");
	act_print(&act);
	return 0;
}
