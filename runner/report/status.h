/* SPDX-License-Identifier: MIT
 *
 * status: the runs of all users as they are now. The ledger (lease.h) lists the runs, and the
 * kernel's files say what each of their CRSs has and uses. The engine is not asked: the
 * containers of a CRS are the cgroups directly below it that are named after a container id.
 */
#ifndef OSS_CRS_STATUS_H
#define OSS_CRS_STATUS_H

#include "cgroup_stat.h"
#include "json_build.h"
#include "lease.h"
#include "run_name.h"

struct status_crs {
	char name[NAME_MAX + 1];
	struct cgroup_stat figures;
	char **containers; /* ids */
	size_t container_count;
};

struct status_run {
	struct lease lease;
	struct run_name name;   /* empty for one that is foreign */
	struct status_crs *crs; /* sorted by name; none for a run that waits */
	size_t crs_count;
};

struct status {
	struct status_run *runs; /* in order of arrival */
	size_t count;
	unsigned hidden;  /* users and runs that could not be looked at */
	uint64_t at_usec; /* when it was read (CLOCK_MONOTONIC) */
	/* The first of them and the reason; empty if there is none. */
	char hidden_why[LEDGER_HIDDEN_MAX];
};

#define STATUS_NONE          \
	{                    \
		.runs = NULL \
	}

/* Read the status of all runs if wanted is NULL; otherwise of the run of that name or, if there
 * is none, of each run with that run id. A CRS that ends meanwhile is left out; a run that ends
 * meanwhile is left out or has no CRSs. A CRS that cannot be read is left out, and its run counted
 * as hidden. EX_USAGE if no run is found. The caller frees the status
 * with status_free(). */
int status_read(const struct host *host, const char *wanted, struct status *ret, struct error *err);
void status_free(struct status *status);

/* Find the same CRS of the same run in another status. NULL if it is not there. */
const struct status_crs *status_find(
	const struct status *status, const struct status_run *run, const struct status_crs *crs);

/* "running", "waiting", "foreign", or "dead" for a run whose owner is gone but whose cgroup still
 * exists. */
const char *status_state(const struct status_run *run);

/* The status as docs/json.md describes it. The caller owns the reference; NULL if out of memory. */
json_t *status_to_json(struct json_build *build, const struct status *status);

#endif
