/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Constants that user space sets before a program is loaded. The verifier removes the branches that they make
 * unreachable, so a feature that is off costs nothing. src/capture/ring/layout.ts mirrors the offsets.
 */
#ifndef MEMWARDEN_KNOBS_H
#define MEMWARDEN_KNOBS_H

#include "event.h"

struct mw_knobs {
	__u32 generation;    /* see struct mw_control */
	__u8 hook;	     /* enum mw_hook: the kind of these programs */
	__u8 result_follows; /* an exit program is attached: an open waits for its result before it is sent */
	__u8 raw_open;	     /* the raw event security_file_open is selected */
	__u8 raw_unfiltered; /* … without a filter (--allow-unfiltered) */
	__u8 raw_by_name;    /* raw_names is not empty */
	__u8 raw_by_suffix;  /* raw_suffixes is not empty */
	__u8 raw_by_directory; /* raw_directories is not empty */
};

/* In a section of its own, and so in a map of its own, which user space fills without knowing other
 * constants. */
const volatile struct mw_knobs knobs SEC(".rodata.knobs") = {};

#endif
