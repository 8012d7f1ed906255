/* SPDX-License-Identifier: MIT
 *
 * trials: processes that try to get more than their CRS has. Each trial runs in a process of its
 * own inside the CRS and prints on standard output what stopped it; being killed is an answer
 * too.
 */
#ifndef OSS_CRS_TRIALS_H
#define OSS_CRS_TRIALS_H

#include "host.h"

#include <stdbool.h>
#include <stddef.h>

/* The memory limit of the CRS, and the most that a memory trial asks for. */
#define TRIAL_LIMIT_BYTES ((size_t)64 << 20)
#define TRIAL_ASKED_BYTES ((size_t)256 << 20)

/* The cgroup beside the CRS that a trial tries to move to. */
#define TRIAL_ELSEWHERE "elsewhere"

enum trial_result {
	TRIAL_HELD,     /* refused; the reason is on standard output */
	TRIAL_NOT_HELD, /* the trial got what it must not get */
	TRIAL_SKIPPED,  /* this host cannot run the trial; the reason is on standard output */
};

struct trial {
	const char *name;
	const char *what; /* "to use four times its memory", after "tries" */
	bool killed;      /* the OOM killer is expected to stop it */
	/* Returns an enum trial_result, or -1 with an error. */
	int (*run)(const struct host *host, struct error *err);
};

extern const struct trial trials[];
extern const size_t trial_count;

/* The trial of that name; NULL if there is none. */
const struct trial *trial_find(const char *name);

#endif
