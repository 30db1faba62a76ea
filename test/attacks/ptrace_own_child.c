/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger and the program that it starts: the child asks to be traced (PTRACE_TRACEME). Argument: peek
 * reads the child's memory, poke writes it as a breakpoint does; what is written is what was there before.
 */
#include "attack.h"
#include <sys/ptrace.h>

static long word = 42;

int main(int count, char **arguments)
{
	bool pokes = count > 1 && !strcmp(arguments[1], "poke");
	struct victim victim;
	struct act act;
	pid_t child;
	long result = 0;

	attack_begin("ptrace_own_child");
	child = fork();
	if (!child) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(child, NULL, 0) != child)
		attack_die("see the child stop");
	victim = victim_from(child);
	act = act_begin(&victim);
	errno = 0;
	if (pokes)
		result = ptrace(PTRACE_POKEDATA, child, &word, word);
	else
		ptrace(PTRACE_PEEKDATA, child, &word, 0);
	act_end(&act, errno ? -1 : result);
	act.address = (unsigned long)&word;
	strcpy(act.request, pokes ? "PTRACE_POKEDATA" : "PTRACE_PEEKDATA");
	act_print(&act);
	ptrace(PTRACE_CONT, child, 0, 0);
	return attack_wait(child);
}
