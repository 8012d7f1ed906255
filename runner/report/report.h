/* SPDX-License-Identifier: MIT
 *
 * report: what a run came to, read before its cgroups and containers are removed, as a JSON document. What is printed, kept
 * and compared is read from that document (summary.h), whether the run has just ended or long ago.
 */
#ifndef OSS_CRS_REPORT_H
#define OSS_CRS_REPORT_H

#include "cgroup_stat.h"
#include "compose.h"
#include "conditions.h"
#include "engine.h"
#include "series.h"
#include "tree.h"
#include "watch.h"

#include <jansson.h>

struct crs_report {
	struct cgroup_stat figures;
	char *exits; /* exit codes of its containers, "0" or "137,0"; NULL: none */
};

struct report {
	const struct run_plan *plan;
	enum phase phase;
	struct crs_report *crs;        /* one per CRS of the plan */
	bool has_usage;                /* whether there were cgroups to read */
	const struct compose *compose; /* its services' risks are told; NULL: none */
	const struct watch *watch;     /* what was seen meanwhile; NULL: nothing looked */
	const struct oom_kills
		*kills; /* counted from the start of the run; the caller's; NULL: not counted */
	const struct ledger
		*shared; /* with whom the run shared its CPUs or memory (--share); the caller's */
	const struct conditions *conditions; /* ended; the caller's */
	const struct series *series;         /* samples; NULL: none */
	enum reason reason;
	int signal;
	int status; /* what the program exits with */
};

#define REPORT_NONE          \
	{                    \
		.plan = NULL \
	}

/* Read the figures of the tree (skipped if it was not made) and, where there are any, the ends of the containers. */
int report_collect(const struct run_plan *plan, const struct cg_tree *tree,
	const struct compose *compose, const struct containers *containers, struct report *ret,
	struct error *err);
void report_free(struct report *report);

/* The JSON document, "version": 1 (docs/json.md). The caller drops it. */
int report_json(const struct report *report, json_t **ret, struct error *err);

/* The job's own status: of the container that ended first, or for until_all the first that failed. -1 if none ran. */
int report_job_status(const struct containers *containers, bool until_all);

#endif
