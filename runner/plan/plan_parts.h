/* SPDX-License-Identifier: MIT
 *
 * plan_parts: the steps of plan_make(), in its order. Only plan.c calls them. Each fills in its part of the plan, whose
 * crs[] stands in the job's order.
 */
#ifndef OSS_CRS_PLAN_PARTS_H
#define OSS_CRS_PLAN_PARTS_H

#include "plan.h"

/* Say something about the plan: a warning, or how it came about. */
int plan_warn(struct run_plan *plan, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int plan_note(struct run_plan *plan, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What each CRS gets of the memory: its own figure, or an even part of what the worker has left. */
int share_memory(const struct job *job, struct run_plan *plan, struct error *err);

/* What each CRS gets of the CPUs: its list; then those that give a number, then those that give nothing. */
int share_cpus(const struct job *job, const struct plan_request *request, struct run_plan *plan,
	struct error *err);

/* The same plan on the memory and the CPUs of the command line; nothing happens without --memory and --cpus. */
int fit_memory(const struct job *job, const struct plan_request *request, struct run_plan *plan,
	struct error *err);
int fit_cpus(const struct job *job, const struct plan_request *request, struct run_plan *plan,
	struct error *err);

/* CPUs for the plan's requests by the machine's cores and nodes, out of pool. wanted[count] is one more, for CPUs that the
 * worker has and no CRS: any will do for it. Nothing of pool may be in `lists`, the CPUs that CRSs have by name. */
int place_cpus(const struct plan_request *request, const struct cpulist *pool,
	const struct cpulist *lists, struct place_request *wanted, size_t count,
	struct run_plan *plan, struct error *err);

/* Where a topology is known: the nodes that each CRS's memory is kept on, and the words for it all. */
int place_memory(const struct plan_request *request, struct run_plan *plan, struct error *err);
int explain_placement(const struct plan_request *request, struct run_plan *plan, struct error *err);

#endif
