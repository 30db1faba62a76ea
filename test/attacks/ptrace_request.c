/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaches to a victim that is not its own and makes one further request. Argument: ATTACH or SEIZE alone, or
 * PEEKTEXT, PEEKDATA, POKETEXT, POKEDATA, POKEUSER, GETREGS, SETREGS, SETFPREGS, GETREGSET or SETREGSET.
 * Everything written is what was there before.
 */
#include "attack.h"
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

static struct user_regs_struct registers;

/* Makes the request, after the requests that it depends on; the act is the request alone. */
static void request(struct act *act, const struct victim *victim, const char *name)
{
	struct iovec set = {.iov_base = &registers, .iov_len = sizeof(registers)};
	void *code = (void *)victim->function, *data = (void *)victim->secret;
	long result = -1, word;

	act->address = 0;
	if (!strcmp(name, "PEEKTEXT") || !strcmp(name, "PEEKDATA")) {
		void *address = !strcmp(name, "PEEKTEXT") ? code : data;

		*act = act_begin(victim);
		errno = 0;
		ptrace(!strcmp(name, "PEEKTEXT") ? PTRACE_PEEKTEXT : PTRACE_PEEKDATA, victim->pid, address,
		       0);
		result = errno ? -1 : 0;
		act->address = (unsigned long)address;
	} else if (!strcmp(name, "POKETEXT") || !strcmp(name, "POKEDATA")) {
		void *address = !strcmp(name, "POKETEXT") ? code : data;

		word = ptrace(PTRACE_PEEKDATA, victim->pid, address, 0);
		*act = act_begin(victim);
		result = ptrace(!strcmp(name, "POKETEXT") ? PTRACE_POKETEXT : PTRACE_POKEDATA, victim->pid,
				address, word);
		act->address = (unsigned long)address;
	} else if (!strcmp(name, "GETREGSET")) {
		*act = act_begin(victim);
		result = ptrace(PTRACE_GETREGSET, victim->pid, (void *)NT_PRSTATUS, &set);
	} else if (!strcmp(name, "SETREGSET")) {
		ptrace(PTRACE_GETREGSET, victim->pid, (void *)NT_PRSTATUS, &set);
		*act = act_begin(victim);
		result = ptrace(PTRACE_SETREGSET, victim->pid, (void *)NT_PRSTATUS, &set);
#ifdef __x86_64__
	} else if (!strcmp(name, "GETREGS")) {
		*act = act_begin(victim);
		result = ptrace(PTRACE_GETREGS, victim->pid, 0, &registers);
	} else if (!strcmp(name, "SETREGS")) {
		ptrace(PTRACE_GETREGS, victim->pid, 0, &registers);
		*act = act_begin(victim);
		result = ptrace(PTRACE_SETREGS, victim->pid, 0, &registers);
	} else if (!strcmp(name, "SETFPREGS")) {
		struct user_fpregs_struct floats;

		ptrace(PTRACE_GETFPREGS, victim->pid, 0, &floats);
		*act = act_begin(victim);
		result = ptrace(PTRACE_SETFPREGS, victim->pid, 0, &floats);
	} else if (!strcmp(name, "POKEUSER")) {
		void *offset = (void *)offsetof(struct user, regs.rbx);

		word = ptrace(PTRACE_PEEKUSER, victim->pid, offset, 0);
		*act = act_begin(victim);
		result = ptrace(PTRACE_POKEUSER, victim->pid, offset, word);
#endif
	} else {
		attack_skip("this architecture has no PTRACE_%s", name);
	}
	act_end(act, result);
}

int main(int count, char **arguments)
{
	const char *name = count > 1 ? arguments[1] : "ATTACH";
	bool seize = !strcmp(name, "SEIZE");
	struct victim victim;
	struct act act;

	attack_begin("ptrace_request");
	victim = victim_start();
	act = act_begin(&victim);
	act_end(&act, ptrace(seize ? PTRACE_SEIZE : PTRACE_ATTACH, victim.pid, 0, 0));
	snprintf(act.request, sizeof(act.request), "PTRACE_%s", seize ? "SEIZE" : "ATTACH");
	act_print(&act);
	if (act.error || seize)
		return 0;
	if (waitpid(victim.pid, NULL, __WALL) != victim.pid)
		attack_die("see the victim stop");
	if (strcmp(name, "ATTACH")) {
		request(&act, &victim, name);
		snprintf(act.request, sizeof(act.request), "PTRACE_%s", name);
		act_print(&act);
	}
	ptrace(PTRACE_DETACH, victim.pid, 0, 0);
	return 0;
}
