/* SPDX-License-Identifier: Apache-2.0 */
/* One access and the line of ground truth about it. Part of attack.h. */
#ifndef MEMWARDEN_ACT_H
#define MEMWARDEN_ACT_H

struct act {
	pid_t actor_pid, actor_tid, actor_vpid, actor_ppid;
	pid_t target_pid, target_vpid; /* 0: the act has no target process */
	bool descendant;	       /* the target descends from the actor */
	char executable[PATH_MAX], target_executable[PATH_MAX];
	char path[PATH_MAX];   /* as the kernel names the file, seen from the actor's root */
	char flags[256];       /* symbolic; empty: none */
	char request[64];      /* ptrace request, mmap/mprotect transition, … */
	long bytes;	       /* moved by the call; -1: does not apply */
	unsigned long address; /* in the target; 0: does not apply */
	int error;	       /* errno; 0 is success */
	struct timespec before, after;
};

/* Everything about both sides that must be known before the act, then the clock. */
static struct act act_begin(const struct victim *victim)
{
	struct act act = {.bytes = -1};

	act.actor_pid = attack_own_pid();
	act.actor_tid = attack_own_tid();
	act.actor_vpid = getpid();
	act.actor_ppid = attack_status(act.actor_pid, "PPid:", false);
	attack_readlink("self/exe", act.executable, sizeof(act.executable));
	if (victim) {
		act.target_pid = victim->pid;
		act.target_vpid = victim->named_pid;
		act.descendant = attack_descends(victim->pid, act.actor_pid);
		strcpy(act.target_executable, victim->executable);
	}
	clock_gettime(CLOCK_REALTIME, &act.before);
	return act;
}

/* Right after the call: `result` < 0 is a failure, and errno says which. */
static void act_end(struct act *act, long result)
{
	int error = errno;

	clock_gettime(CLOCK_REALTIME, &act->after);
	act->error = result < 0 ? error : 0;
}

static inline void act_flags(struct act *act, int flags)
{
	static const struct {
		int bits;
		const char *name;
	} names[] = {{O_CREAT, "O_CREAT"},     {O_EXCL, "O_EXCL"},	   {O_TRUNC, "O_TRUNC"},
		     {O_APPEND, "O_APPEND"},   {O_NONBLOCK, "O_NONBLOCK"}, {O_NOFOLLOW, "O_NOFOLLOW"},
		     {O_CLOEXEC, "O_CLOEXEC"}, {O_PATH, "O_PATH"}};
	static const char *const modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "3"};

	strcpy(act->flags, modes[flags & O_ACCMODE]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bits)
			strcat(strcat(act->flags, "|"), names[i].name);
}

/* Asks the kernel how it names what `fd` refers to. */
static void act_path_of(struct act *act, int fd)
{
	char link[64];

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	attack_readlink(link, act->path, sizeof(act->path));
}

/* Ends an act that was an open. A refused file is named through O_PATH, which asks for no access. */
static void act_end_open(struct act *act, int fd, int directory, const char *path, int flags)
{
	int named = fd;

	act_end(act, fd);
	act_flags(act, flags);
	if (fd < 0)
		named = openat(directory, path, O_PATH | O_CLOEXEC);
	if (named < 0)
		strncpy(act->path, path, sizeof(act->path) - 1);
	else
		act_path_of(act, named);
	if (fd < 0 && named >= 0)
		close(named);
}

/* The act is openat(2) of this path. Leaves the descriptor open. */
static inline int act_openat(struct act *act, int directory, const char *path, int flags)
{
	int fd;

	clock_gettime(CLOCK_REALTIME, &act->before);
	fd = openat(directory, path, flags, 0600);
	act_end_open(act, fd, directory, path, flags);
	return fd;
}

static void act_print(const struct act *act)
{
	attack_print_head();
	printf(",\"actor_pid\":%d,\"actor_tid\":%d,\"actor_vpid\":%d,\"actor_ppid\":%d", act->actor_pid,
	       act->actor_tid, act->actor_vpid, act->actor_ppid);
	attack_print_string("executable", act->executable);
	if (act->target_pid) {
		printf(",\"target_pid\":%d,\"target_vpid\":%d,\"descendant\":%s", act->target_pid,
		       act->target_vpid, act->descendant ? "true" : "false");
		if (act->target_executable[0])
			attack_print_string("target_executable", act->target_executable);
	}
	if (act->path[0])
		attack_print_string("path", act->path);
	if (act->flags[0])
		attack_print_string("flags", act->flags);
	if (act->request[0])
		attack_print_string("request", act->request);
	if (act->bytes >= 0)
		printf(",\"bytes\":%ld", act->bytes);
	if (act->address)
		printf(",\"address\":\"0x%lx\"", act->address);
	attack_print_string("outcome", act->error ? "failure" : "success");
	if (act->error)
		attack_print_string("errno", strerrorname_np(act->error));
	printf(",\"before_unix_ns\":\"%lld%09ld\",\"after_unix_ns\":\"%lld%09ld\"}\n",
	       (long long)act->before.tv_sec, act->before.tv_nsec, (long long)act->after.tv_sec,
	       act->after.tv_nsec);
	fflush(stdout);
}

#endif
