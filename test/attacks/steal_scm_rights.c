/* SPDX-License-Identifier: Apache-2.0 */
/* Receives a descriptor of a victim's mem file over a Unix socket (SCM_RIGHTS) and reads from it. */
#include "attack.h"
#include <sys/socket.h>

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static struct msghdr message_of(struct iovec *data, union control *control)
{
	return (struct msghdr){.msg_iov = data,
			       .msg_iovlen = 1,
			       .msg_control = control->bytes,
			       .msg_controllen = sizeof(control->bytes)};
}

static void open_and_send(const struct victim *victim, int socket)
{
	struct act act = act_begin(victim);
	struct iovec data = {.iov_base = "x", .iov_len = 1};
	union control control = {
	    .header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct msghdr message = message_of(&data, &control);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", victim->pid);
	fd = act_openat(&act, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	act_print(&act);
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		_exit(1);
	pause();
	_exit(0);
}

int main(void)
{
	char byte, bytes[16];
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	union control control = {0};
	struct msghdr message = message_of(&data, &control);
	struct victim victim;
	struct act act;
	ssize_t received;
	int sockets[2], taken = -1;
	pid_t sender;

	attack_begin("steal_scm_rights");
	victim = victim_start();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		attack_die("make a socket pair");
	sender = fork();
	if (!sender) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		open_and_send(&victim, sockets[1]);
	}
	act = act_begin(&victim);
	received = recvmsg(sockets[0], &message, MSG_CMSG_CLOEXEC);
	act_end(&act, received == 1 ? 0 : -1);
	if (CMSG_FIRSTHDR(&message))
		memcpy(&taken, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(taken));
	act_path_of(&act, taken);
	strcpy(act.request, "recvmsg");
	act_print(&act);
	if (pread(taken, bytes, sizeof(bytes), victim.secret) != sizeof(bytes))
		attack_die("read through the received descriptor");
	return 0;
}
