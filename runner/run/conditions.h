/* SPDX-License-Identifier: MIT
 *
 * conditions: when and on what machine a run took place, and what makes it less comparable with
 * other runs: cores, CPUs or memory that it shared, the load of other processes, time that a
 * hypervisor stole, swap, an inherited CPU affinity. What could not be read is a reason too.
 *
 * The load of others is the time for which the run's CPUs were busy (/proc/stat, proc_stat(5)) less
 * the CPU time of its CRSs (cpu.stat).
 */
#ifndef OSS_CRS_CONDITIONS_H
#define OSS_CRS_CONDITIONS_H

#include "allowance.h"
#include "attested.h"
#include "host.h"
#include "json_build.h"
#include "lease.h"
#include "plan.h"

struct conditions {
	const struct host *host;
	const struct run_plan *plan;
	time_t started;
	uint64_t duration_usec; /* 0 until conditions_end() */
	uint64_t begin_usec;    /* CLOCK_MONOTONIC */
	/* Busy and stolen time of the plan's CPUs, in microseconds: since boot at first, during the
	 * run once conditions_end() has returned. */
	uint64_t busy_usec, stolen_usec;
	bool counted;                     /* whether both readings of these times succeeded */
	uint64_t above[ALLOWANCE_EVENTS]; /* what limits above the run did to it, likewise */
	bool above_counted;
};

/* What conditions_to_json() cannot find out by itself. */
struct conditions_seen {
	/* CPU time of all CRSs of the run; CGROUP_STAT_UNKNOWN if it could not be read. */
	uint64_t used_usec;
	bool has_used;                   /* whether the run had CRSs whose CPU time counts */
	bool swaps;                      /* whether a CRS has no swap limit */
	bool no_huge_pages;              /* whether the CRSs were kept from huge pages */
	const struct ledger *shared;     /* runs that share CPUs or memory (--share); NULL: none */
	const struct attested *attested; /* what was found of the containers; NULL: none */
	/* entered_describe(); NULL: nobody asked. */
	const char *not_entered;
	/* Why it is unknown what else may use the CPUs of an exclusive run; NULL or "": it is
	 * known. */
	const char *exclusive_unknown;
};

/* Call conditions_begin() when the job begins and conditions_end() when it has ended; a second
 * conditions_end() changes nothing. Neither can fail: what the kernel does not report stays
 * unknown. host and plan are the caller's and outlive the conditions. */
void conditions_begin(const struct host *host, const struct run_plan *plan, struct conditions *ret);
void conditions_end(struct conditions *conditions);

/* The reasons why the run is less comparable: a list of objects with `id` and `detail`
 * (docs/json.md). The caller owns the reference. */
json_t *conditions_to_json(struct json_build *build, const struct conditions *conditions,
	const struct conditions_seen *seen);

/* The machine as an object: `host`, `kernel`, `cpu` (its model; "" where the kernel does not report
 * it), `cpus`, `memory_max` (bytes). The caller owns the reference. */
json_t *conditions_machine(struct json_build *build, const struct conditions *conditions);

#endif
