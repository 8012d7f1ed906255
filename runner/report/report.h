/* SPDX-License-Identifier: MIT
 *
 * report: the outcome of a run as a JSON document. The figures are read before the run's cgroups
 * and containers are removed. Everything that is printed, kept or compared is read from that
 * document (summary.h), whether the run has just ended or ended long ago.
 */
#ifndef OSS_CRS_REPORT_H
#define OSS_CRS_REPORT_H

#include "allowance.h"
#include "cgroup_stat.h"
#include "compose.h"
#include "conditions.h"
#include "engine.h"
#include "exclusive.h"
#include "refusals.h"
#include "series.h"
#include "tree.h"
#include "watch.h"

#include <jansson.h>

struct crs_report {
	struct cgroup_stat figures;
	/* Exit codes of the CRS's containers, "0" or "137,0", with "-" for one that has not ended;
	 * NULL: it had none. */
	char *exits;
};

/* report_collect() sets plan, crs, has_usage, has_exits and compose; the caller sets the rest.
 * Everything that a const pointer points to belongs to the caller and must outlive the report. */
struct report {
	const struct run_plan *plan;
	enum phase phase;
	struct crs_report *crs; /* one per CRS of the plan */
	bool has_usage;         /* whether the run had cgroups, and so the CRSs have figures */
	bool has_exits;         /* whether it is known how the containers ended */
	bool no_huge_pages;     /* whether the CRSs were kept from huge pages */
	/* The Compose project, whose services' risks are reported; NULL: none. */
	const struct compose *compose;
	/* Says which containers were found in their CRS; NULL: nothing watched the run. */
	const struct watch *watch;
	/* Per CRS, from when to when it had processes; NULL: nobody looked. */
	const struct activity *activity;
	/* What the guard has refused; NULL: there was no guard. */
	const struct refusals *refusals;
	/* OOM kills since the start of the run; NULL: they were not counted. */
	const struct oom_kills *kills;
	/* The leases with which the run shared its CPUs or memory (--share); NULL: none. */
	const struct ledger *shared;
	/* What else may use its CPUs; NULL or PARTITION_NONE: it is not exclusive. */
	const struct exclusive *exclusive;
	/* What a scheduler gave the runner (--allocation); NULL, or no CPUs: it did not ask. */
	const struct allowance *allocation;
	/* Of the run, after conditions_end(); NULL: unknown. */
	const struct conditions *conditions;
	const struct series *series; /* the samples; NULL: none */
	const char *not_entered;     /* entered_describe(); NULL: nobody asked */
	enum reason reason;
	int signal; /* for REASON_SIGNAL */
	int status; /* the exit status of the program */
	/* Why the run has no status of its own, such as that Compose has started no container;
	 * NULL: it has one. */
	const char *problem;
};

#define REPORT_NONE          \
	{                    \
		.plan = NULL \
	}

/* Collect the figures of each CRS in the tree, unless the tree was never made, and the exit codes
 * of the project's containers. compose is NULL if there is no project, containers if the engine
 * could not be asked. The caller frees the report with report_free(). */
int report_collect(const struct run_plan *plan, const struct cg_tree *tree,
	const struct compose *compose, const struct containers *containers, struct report *ret,
	struct error *err);
void report_free(struct report *report);

/* Make the JSON document, "version": 1 (docs/json.md). The caller drops the reference. */
int report_json(const struct report *report, json_t **ret, struct error *err);

/* The job's own exit status: that of the container that ended first or, with until_all, of the
 * first one that failed; of a helper (of oss_crs_infra, or with `attach: false`) only if no other
 * qualifies. Where Compose has ended with a status that is a container's, it is that one: Compose
 * may go on after the first has ended (`attach: false`). 0 if no container qualifies, -1 if none
 * was started. Containers that a CRS has started itself over its guarded socket do not count. */
int report_job_status(const struct containers *containers, const struct compose *compose,
	const struct run_plan *plan, bool until_all, int compose_status);

#endif
