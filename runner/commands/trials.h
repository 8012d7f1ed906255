/* SPDX-License-Identifier: MIT
 *
 * trials: what a process does that wants more than its CRS has. Each is run in a process of its own, inside the CRS, and
 * tells on standard output what stopped it; being killed is an answer too.
 */
#ifndef OSS_CRS_TRIALS_H
#define OSS_CRS_TRIALS_H

#include "host.h"

#include <stdbool.h>
#include <stddef.h>

/* What the trials of memory ask for, at most: a multiple of what they are given. */
#define TRIAL_LIMIT_BYTES ((size_t)64 << 20)
#define TRIAL_ASKED_BYTES ((size_t)256 << 20)

/* The cgroup beside its own that a trial tries to move to. */
#define TRIAL_ELSEWHERE "elsewhere"

enum trial_result {
	TRIAL_HELD,     /* refused; the reason is on standard output */
	TRIAL_NOT_HELD, /* it got what it must not get */
	TRIAL_SKIPPED, /* this host gives it nothing to try with; the reason is on standard output */
};

struct trial {
	const char *name;
	const char *what; /* "tries to …" */
	bool killed;      /* the OOM killer is what is expected to stop it */
	int (*run)(const struct host *host, struct error *err); /* enum trial_result, or -1 */
};

extern const struct trial trials[];
extern const size_t trial_count;

/* By name; NULL if there is none. */
const struct trial *trial_find(const char *name);

#endif
