/* SPDX-License-Identifier: MIT
 *
 * status: the runs of all users as they are now. The ledger (lease.h) says which runs there are, the kernel's files what
 * each of their CRSs has and uses; nobody else is asked. The containers are the cgroups below a CRS that are named by the
 * id of one.
 */
#ifndef OSS_CRS_STATUS_H
#define OSS_CRS_STATUS_H

#include "cgroup_stat.h"
#include "lease.h"
#include "run_name.h"

#include <jansson.h>

struct status_crs {
	char name[NAME_MAX + 1];
	struct cgroup_stat figures;
	char **containers; /* their ids */
	size_t container_count;
};

struct status_run {
	struct lease lease;
	struct run_name name;
	struct status_crs *crs; /* by name; none for a run that waits */
	size_t crs_count;
};

struct status {
	struct status_run *runs; /* in the order of their arrival */
	size_t count;
	unsigned hidden;  /* users and runs whose cgroups we may not look at */
	uint64_t at_usec; /* CLOCK_MONOTONIC */
};

#define STATUS_NONE          \
	{                    \
		.runs = NULL \
	}

/* Look at all runs, or at the one that is wanted: of that name, or of that run id if there is no such name.
 * What ends meanwhile is left out. EX_USAGE if a run is asked for that there is not. The caller frees. */
int status_read(const struct host *host, const char *wanted, struct status *ret, struct error *err);
void status_free(struct status *status);

/* The CRS of the same run and name in another status, NULL if it is not there. */
const struct status_crs *status_find(
	const struct status *status, const struct status_run *run, const struct status_crs *crs);

/* "running", "waiting", or "dead": the owner is gone, but not all that it has made. */
const char *status_state(const struct status_run *run);

/* As docs/json.md has it. NULL without memory. */
json_t *status_to_json(const struct status *status);

#endif
