/* SPDX-License-Identifier: Apache-2.0 */
/* An unprivileged user calls process_vm_readv(2) on a process of root. */
#include "attack.h"
#include <sys/uio.h>

int main(void)
{
	char buffer[64];
	struct iovec local = {.iov_base = buffer, .iov_len = sizeof(buffer)};
	struct iovec remote = {.iov_len = sizeof(buffer)};
	struct victim victim;
	struct act act;

	attack_begin("process_vm_refused");
	if (geteuid())
		attack_skip("needs root, to have a victim of another user");
	victim = victim_start();
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		attack_die("become an unprivileged user");
	remote.iov_base = (void *)victim.secret;
	act = act_begin(&victim);
	act_end(&act, process_vm_readv(victim.pid, &local, 1, &remote, 1, 0));
	act.address = victim.secret;
	strcpy(act.request, "process_vm_readv");
	act_print(&act);
	return 0;
}
