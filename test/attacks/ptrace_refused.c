/* SPDX-License-Identifier: Apache-2.0 */
/* An unprivileged user tries to attach to a process of root. Argument: ATTACH or SEIZE. */
#include "attack.h"
#include <sys/ptrace.h>

int main(int count, char **arguments)
{
	bool seize = count > 1 && !strcmp(arguments[1], "SEIZE");
	struct victim victim;
	struct act act;

	attack_begin("ptrace_refused");
	if (geteuid())
		attack_skip("needs root, to have a victim of another user");
	victim = victim_start();
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		attack_die("become an unprivileged user");
	act = act_begin(&victim);
	act_end(&act, ptrace(seize ? PTRACE_SEIZE : PTRACE_ATTACH, victim.pid, 0, 0));
	snprintf(act.request, sizeof(act.request), "PTRACE_%s", seize ? "SEIZE" : "ATTACH");
	act_print(&act);
	return 0;
}
