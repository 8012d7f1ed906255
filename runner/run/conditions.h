/* SPDX-License-Identifier: MIT
 *
 * conditions: when and on what machine a run was, and what made it less comparable with others: a core or CPUs that others
 * used too, somebody else's load, time stolen by a hypervisor, swap.
 *
 * Others' load is what the run's CPUs did (/proc/stat, proc_stat(5)) less what its CRSs used (cpu.stat).
 */
#ifndef OSS_CRS_CONDITIONS_H
#define OSS_CRS_CONDITIONS_H

#include "host.h"
#include "lease.h"
#include "plan.h"

#include <jansson.h>

struct conditions {
	const struct host *host;
	const struct run_plan *plan;
	time_t started;
	uint64_t duration_usec; /* 0 until conditions_end() */
	uint64_t begin_usec;    /* CLOCK_MONOTONIC */
	/* Of the plan's CPUs: at the beginning, and from conditions_end() on, during the run. */
	uint64_t busy_usec, stolen_usec;
	bool counted; /* whether the kernel has told both times */
};

/* What happened outside the program's own view, for conditions_to_json(). */
struct conditions_seen {
	uint64_t used_usec;          /* what all CRSs of the run have used */
	bool has_used;               /* whether that is known */
	bool swaps;                  /* whether a CRS has no limit for its swap */
	const struct ledger *shared; /* with whom the run shared CPUs or memory by --share; NULL */
};

/* Call it when the job begins, and the other when it has ended. Neither can fail: what is not told is not known. plan and
 * host are the caller's and outlive the conditions. */
void conditions_begin(const struct host *host, const struct run_plan *plan, struct conditions *ret);
void conditions_end(struct conditions *conditions);

/* What makes the run less comparable: a list of objects with `id` and `detail` (docs/json.md). NULL without memory. */
json_t *conditions_to_json(const struct conditions *conditions, const struct conditions_seen *seen);

/* The machine: `host`, `kernel`, `cpu` (its model; "" where the kernel does not tell), `cpus`, `memory_max`. */
json_t *conditions_machine(const struct conditions *conditions);

#endif
