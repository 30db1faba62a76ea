/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object: all programs, one file per capability. Each program only fetches the arguments of its hook and
 * passes them to the functions of its capability in lib/. For each capability user space loads the programs
 * of one hook, the first that proves alive (src/capture/hooks/ladders).
 */
#include "lib/kernel.bpf.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "programs/file_open.bpf.c"
#include "programs/ptrace.bpf.c"
#include "programs/descriptor.bpf.c"
#include "programs/memory_protection.bpf.c"

/* Puts the types that user space mirrors into the object's BTF, for test/unit/capture/ring/layout.test.ts. */
struct mw_contract {
	struct mw_event *event;
	enum mw_kind kind;
	enum mw_hook hook;
	enum mw_method method;
	enum mw_string string;
	enum mw_drop drop;
	struct mw_repeat_key *repeat_key;
	struct mw_repeat *repeat;
	struct mw_control *control;
};

const struct mw_contract *contract __attribute__((unused));

/* Helpers used here are for GPL-compatible programs only. */
char LICENSE[] SEC("license") = "GPL";
